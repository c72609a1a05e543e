//! The client against a provider with every fault there is.

mod connections;
mod faults;

use std::sync::Arc;
use std::time::Duration;

use super::{OpenAiModel, OpenAiOptions, OpenAiOptionsError, Timeouts};
use futures_util::StreamExt;
use futures_util::future::join_all;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};
use waifu_app::ports::language_model::{
    Finish, LanguageModel, ModelError, ModelKind, Phase, ReplyPart, ReplyRequest,
};
use waifu_domain::prompt::{Line, Occasion, Prompt, PromptMessage, PromptRole, Scene};
use waifu_domain::relationship::{Level, Mood};
use waifu_domain::turn::{Speaker, Usage};
use waifu_domain::waifu::{Appearance, Personality, Stats, WaifuProfile};
use waifu_testkit::mock_llm::{Answer, Ending, MockLlm, Script, Speech};

const SECRET: &str = "the prompt is a secret";

fn options(base_url: &str) -> OpenAiOptions {
    OpenAiOptions {
        base_url: base_url.to_owned(),
        model: "mock-1".to_owned(),
        api_key: Some("sk-test".into()),
        timeouts: Timeouts {
            connect: Duration::from_millis(500),
            first_word: Duration::from_secs(4),
            next_word: Duration::from_secs(4),
        },
        max_tokens: 321,
        temperature: Some(0.5),
    }
}

fn request() -> ReplyRequest {
    let message = |role, text: &str| PromptMessage {
        role,
        text: text.to_owned(),
    };
    ReplyRequest {
        prompt: Prompt {
            messages: vec![
                message(PromptRole::System, "You are Hana."),
                message(PromptRole::User, "hi"),
                message(PromptRole::Assistant, "Hello!"),
                message(PromptRole::User, SECRET),
            ],
        },
        scene: Arc::new(Scene {
            waifu: WaifuProfile {
                name: "Hana".to_owned().try_into().unwrap(),
                personality: Personality::default(),
                appearance: Appearance::default(),
                stats: Stats::default(),
            },
            user: waifu_domain::user::DisplayName::try_from("Ada".to_owned())
                .unwrap()
                .into(),
            level: Level::STRANGER,
            mood: Mood::Calm,
            history: vec![Line {
                speaker: Speaker::User,
                text: "hi".to_owned(),
            }],
            occasion: Occasion::Chat {
                said: SECRET.to_owned(),
            },
            turn_id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            turn_no: 1,
            run: 1,
        }),
    }
}

/// Words said, and how it ended.
type Heard = (String, Result<(Finish, Option<Usage>), ModelError>);

async fn hear(model: &OpenAiModel) -> Heard {
    let mut said = String::new();
    let mut reply = match model.reply(request()).await {
        Ok(reply) => reply,
        Err(error) => return (said, Err(error)),
    };
    while let Some(part) = reply.next().await {
        match part {
            Ok(ReplyPart::Text(text)) => {
                assert!(!text.is_empty());
                said.push_str(&text);
            }
            Ok(ReplyPart::Done { finish, usage }) => {
                assert!(reply.next().await.is_none(), "nothing comes after the end");
                return (said, Ok((finish, usage)));
            }
            Err(error) => {
                assert!(reply.next().await.is_none(), "nothing comes after an error");
                return (said, Err(error));
            }
        }
    }
    panic!("the stream just ended after {said:?}");
}

async fn hear_answer(answer: impl Into<Answer>) -> Heard {
    hear_with(options, answer).await
}

/// With little patience, for what is silent anyway.
fn impatient(base_url: &str) -> OpenAiOptions {
    let mut options = options(base_url);
    options.timeouts.first_word = Duration::from_millis(600);
    options.timeouts.next_word = Duration::from_millis(300);
    options
}

async fn hear_with(options: fn(&str) -> OpenAiOptions, answer: impl Into<Answer>) -> Heard {
    let mock = MockLlm::start(Script::always(answer.into())).await;
    let model = OpenAiModel::new(options(&mock.base_url())).unwrap();
    let heard = timeout(Duration::from_secs(5), hear(&model)).await.unwrap();
    assert_eq!(mock.request_count(), 1, "nothing is asked twice");
    if let Err(error) = &heard.1 {
        let told = format!("{error} {error:?}");
        assert!(
            !told.contains(SECRET) && !told.contains("sk-test"),
            "{told}"
        );
    }
    heard
}

async fn fault(answer: impl Into<Answer>) -> ModelError {
    let (_, end) = hear_answer(answer).await;
    end.expect_err("a fault")
}

fn speech() -> Speech {
    Speech::of("one two three")
}

fn body(content_type: &str, body: &str) -> Answer {
    Answer::Raw {
        content_type: content_type.to_owned(),
        body: body.into(),
    }
}

#[tokio::test]
async fn a_reply_comes_word_by_word_with_its_end_and_its_usage() {
    let (said, end) = hear_answer(speech()).await;
    assert_eq!(said, "one two three");
    let usage = Usage {
        prompt_tokens: 12,
        completion_tokens: 7,
    };
    assert_eq!(end.unwrap(), (Finish::Stop, Some(usage)));
}

#[tokio::test]
async fn the_prompt_the_model_and_the_key_are_sent_as_they_are() {
    let mock = MockLlm::start(Script::echo()).await;
    let model = OpenAiModel::new(options(&format!("{}/", mock.base_url()))).unwrap();
    assert_eq!(model.kind(), ModelKind::Model);
    let (said, _) = hear(&model).await;
    assert_eq!(said, format!("You said: {SECRET}."));
    let asked = &mock.requests()[0];
    assert_eq!(asked.authorization.as_deref(), Some("Bearer sk-test"));
    assert_eq!(
        asked.body,
        serde_json::json!({
            "model": "mock-1",
            "messages": [
                {"role": "system", "content": "You are Hana."},
                {"role": "user", "content": "hi"},
                {"role": "assistant", "content": "Hello!"},
                {"role": "user", "content": SECRET},
            ],
            "max_tokens": 321,
            "temperature": 0.5,
            "stream": true,
            "stream_options": {"include_usage": true},
        })
    );
    assert!(!format!("{model:?}").contains("sk-test"));
}

#[tokio::test]
async fn torn_bytes_and_thoughts_change_nothing() {
    let speech = Speech::of("naïve “words” 💕 stay whole")
        .reasoning("let me think")
        .in_fragments_of(7);
    let (said, end) = hear_answer(speech).await;
    assert_eq!(said, "naïve “words” 💕 stay whole");
    assert_eq!(end.unwrap().0, Finish::Stop);
}

#[tokio::test]
async fn every_reason_to_finish_has_its_word() {
    for (reason, finish) in [
        ("stop", Finish::Stop),
        ("length", Finish::Length),
        ("content_filter", Finish::Filtered),
        ("tool_calls", Finish::Stop),
    ] {
        let (_, end) = hear_answer(speech().finish(reason)).await;
        assert_eq!(end.unwrap().0, finish, "{reason}");
    }
}

#[tokio::test]
async fn an_empty_reply_is_a_stop_without_words() {
    let (said, end) = hear_answer(Speech::of("").usage(None)).await;
    assert_eq!(said, "");
    assert_eq!(end.unwrap(), (Finish::Stop, None));
}

#[tokio::test]
async fn silence_after_the_reason_to_finish_costs_only_the_usage() {
    let started = Instant::now();
    let ending = Ending::FinishThenHang("stop".to_owned());
    let (said, end) = hear_answer(speech().ending(ending)).await;
    assert_eq!(said, "one two three");
    assert_eq!(end.unwrap(), (Finish::Stop, None));
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn nothing_is_waited_for_when_the_usage_came_with_the_reason_to_finish() {
    let last = r#"{"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}"#;
    let started = Instant::now();
    let (said, end) = hear_answer(Answer::Torn(format!("data: {last}\n\n"))).await;
    assert_eq!(said, "hi");
    assert!(end.unwrap().1.is_some());
    assert!(started.elapsed() < Duration::from_millis(500));
}

#[tokio::test]
async fn words_that_come_together_are_one_part() {
    let events = ["one ", "two ", "three"].map(|word| {
        format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{word}\"}}}}]}}\n\n")
    });
    let mock = MockLlm::start(Script::always(body("text/event-stream", &events.concat()))).await;
    let model = OpenAiModel::new(options(&mock.base_url())).unwrap();
    let mut reply = model.reply(request()).await.unwrap();
    let together = ReplyPart::Text("one two three".to_owned());
    assert_eq!(reply.next().await.unwrap().unwrap(), together);
}

#[tokio::test]
async fn the_script_is_played_in_order_and_then_the_default() {
    let mock = MockLlm::start(Script::new([
        Answer::words("first"),
        Answer::status(500, ""),
    ]))
    .await;
    mock.push(Answer::words("third"));
    let model = OpenAiModel::new(options(&mock.base_url())).unwrap();
    assert_eq!(hear(&model).await.0, "first");
    assert!(hear(&model).await.1.is_err());
    assert_eq!(hear(&model).await.0, "third");
    assert!(hear(&model).await.0.starts_with("You said"));
    assert_eq!(mock.most_in_flight(), 1);
}

#[test]
fn settings_that_cant_work_are_refused() {
    for base_url in ["", "localhost:1234/v1", "ftp://example.com/v1", "http://"] {
        let refused = OpenAiModel::new(options(base_url));
        assert!(
            matches!(refused, Err(OpenAiOptionsError::BaseUrl)),
            "{base_url}"
        );
    }
    let mut bad_key = options("http://127.0.0.1:1/v1");
    bad_key.api_key = Some("line\nbreak".into());
    assert!(matches!(
        OpenAiModel::new(bad_key),
        Err(OpenAiOptionsError::ApiKey)
    ));
}
