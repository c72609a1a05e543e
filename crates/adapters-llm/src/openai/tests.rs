//! The client against a provider with every fault there is.

use std::time::Duration;

use super::{OpenAiModel, OpenAiOptions, OpenAiOptionsError, Timeouts};
use futures_util::StreamExt;
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
        scene: Scene {
            waifu: WaifuProfile {
                name: "Hana".to_owned().try_into().unwrap(),
                personality: Personality::default(),
                appearance: Appearance::default(),
                stats: Stats::default(),
            },
            user_name: "Ada".to_owned().try_into().unwrap(),
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
        },
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
async fn a_status_is_kept_whatever_the_body_is() {
    for (status, body) in [
        (400, "<html>no</html>"),
        (
            401,
            r#"{"error":{"message":"key sk-test is wrong","code":"invalid_api_key"}}"#,
        ),
        (403, ""),
        (404, r#"{"detail":"Not Found"}"#),
        (408, "{}"),
        (418, "[1, 2"),
        (500, "the prompt is a secret"),
        (502, "Bad Gateway"),
        (503, ""),
    ] {
        let error = fault(Answer::status(status, body)).await;
        let ModelError::Refused { status: told, .. } = error else {
            panic!("{status}: {error:?}");
        };
        assert_eq!(told, status);
    }
}

#[tokio::test]
async fn no_room_says_how_long_to_wait() {
    let retry_after = async |answer: Answer| {
        let error = fault(answer).await;
        let ModelError::RateLimited { retry_after } = error else {
            panic!("{error:?}");
        };
        retry_after
    };
    let busy = Answer::status(429, "slow down");
    assert_eq!(retry_after(busy.clone()).await, None);
    assert_eq!(
        retry_after(busy.with_header("Retry-After", "3")).await,
        Some(Duration::from_secs(3))
    );
    let down = Answer::status(503, "").with_header("Retry-After", "120");
    assert_eq!(retry_after(down).await, Some(Duration::from_mins(2)));
}

#[tokio::test]
async fn a_prompt_that_is_too_long_is_known_by_code_and_by_text() {
    for answer in [
        Answer::error(400, "context_length_exceeded", "too long"),
        Answer::error(
            400,
            "400",
            "This model's maximum context length is 4096 tokens.",
        ),
        Answer::status(400, r#"{"object":"error","message":"prompt is too long"}"#),
        Answer::status(413, "the request exceeds the available context size"),
        Speech::of("")
            .ending(Ending::Error(
                serde_json::json!({"code": "context_length_exceeded"}),
            ))
            .into(),
    ] {
        let error = fault(answer).await;
        assert!(matches!(error, ModelError::ContextLength), "{error:?}");
    }
}

#[tokio::test]
async fn an_error_in_a_chunk_is_an_error_of_the_reply() {
    let with = |error| speech().ending(Ending::Error(error));
    let (said, end) =
        hear_answer(with(serde_json::json!({"message": SECRET, "type": "oops"}))).await;
    assert_eq!(said, "one two three");
    assert!(matches!(end, Err(ModelError::Malformed(_))), "{end:?}");

    let error = fault(with(serde_json::json!({"message": "down", "code": 502}))).await;
    assert!(
        matches!(error, ModelError::Refused { status: 502, .. }),
        "{error:?}"
    );
    let error = fault(with(serde_json::json!({"code": "rate_limit_exceeded"}))).await;
    assert!(matches!(error, ModelError::RateLimited { .. }), "{error:?}");
    let error = fault(with(serde_json::json!("just words"))).await;
    assert!(matches!(error, ModelError::Malformed(_)), "{error:?}");

    let error = fault(Answer::Raw {
        content_type: "application/json".to_owned(),
        body: br#"{"error":{"message":"no such model","code":404}}"#.to_vec(),
    })
    .await;
    // Without a line's end it is no whole line; the stream is cut, not misread.
    assert!(matches!(error, ModelError::Cut(None)), "{error:?}");
}

#[tokio::test]
async fn what_cant_be_read_is_malformed_after_the_words_before_it() {
    for ending in [
        Ending::BadJson,
        Ending::BadUtf8,
        Ending::LongLine(10 * 1024 * 1024),
    ] {
        let (said, end) = hear_answer(speech().ending(ending.clone())).await;
        assert_eq!(said, "one two three");
        assert!(
            matches!(end, Err(ModelError::Malformed(_))),
            "{ending:?}: {end:?}"
        );
    }
}

#[tokio::test]
async fn a_line_of_just_under_a_mebibyte_is_read() {
    let (said, _) = hear_answer(speech().ending(Ending::LongLine(1024 * 1024 - 200))).await;
    assert_eq!(said.len(), "one two three".len() + 1024 * 1024 - 200);
}

#[tokio::test]
async fn a_long_line_is_given_up_long_before_it_has_all_been_sent() {
    let mock = MockLlm::start(Script::always(
        speech().ending(Ending::LongLine(1024 * 1024 * 1024)).into(),
    ))
    .await;
    let model = OpenAiModel::new(options(&mock.base_url())).unwrap();
    let (_, end) = timeout(Duration::from_secs(5), hear(&model)).await.unwrap();
    assert!(matches!(end, Err(ModelError::Malformed(_))), "{end:?}");
    assert!(mock.saw_hang_ups(1, Duration::from_secs(1)).await);
}

#[tokio::test]
async fn an_end_without_a_reason_is_a_cut() {
    for ending in [
        Ending::DoneWithoutFinish,
        Ending::EndWithoutFinish,
        Ending::Cut,
    ] {
        let (said, end) = hear_answer(speech().ending(ending.clone())).await;
        assert_eq!(said, "one two three", "{ending:?}");
        assert!(
            matches!(end, Err(ModelError::Cut(_))),
            "{ending:?}: {end:?}"
        );
    }
}

#[tokio::test]
async fn silence_is_named_by_its_phase() {
    let phase = async |answer: Answer| {
        let (said, end) = hear_with(impatient, answer).await;
        match end {
            Err(ModelError::TimedOut { phase, waited }) => (said, phase, waited),
            other => panic!("{other:?}"),
        }
    };
    let (_, silent, waited) = phase(Answer::HangBeforeHeaders).await;
    assert_eq!(silent, Phase::FirstWord);
    assert!(waited >= Duration::from_millis(600) && waited < Duration::from_millis(1600));

    let (_, silent, _) = phase(Speech::of("").ending(Ending::Hang).into()).await;
    assert_eq!(silent, Phase::FirstWord);

    let (said, silent, waited) = phase(speech().ending(Ending::Hang).into()).await;
    assert_eq!(said, "one two three");
    assert_eq!(silent, Phase::NextWord);
    assert!(waited >= Duration::from_millis(300) && waited < Duration::from_millis(1300));

    let late = speech().first_word_after(Duration::from_secs(3));
    assert_eq!(phase(late.into()).await.1, Phase::FirstWord);
}

#[tokio::test]
async fn a_slow_drip_is_not_silence() {
    fn patient_enough(base_url: &str) -> OpenAiOptions {
        let mut options = options(base_url);
        options.timeouts.first_word = Duration::from_secs(1);
        options.timeouts.next_word = Duration::from_secs(1);
        options
    }
    let drip = Speech::of("a b c d e f").word_every(Duration::from_millis(250));
    let (said, end) = hear_with(patient_enough, drip).await;
    assert_eq!(said, "a b c d e f");
    assert!(end.is_ok(), "{end:?}");
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let model = OpenAiModel::new(options(&format!("http://{address}/v1"))).unwrap();
    let (_, end) = hear(&model).await;
    assert!(matches!(end, Err(ModelError::Unreachable(_))), "{end:?}");

    let error = fault(Answer::CutBeforeHeaders).await;
    assert!(matches!(error, ModelError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn a_connection_that_nobody_takes_times_out_as_such() {
    // A full backlog: further connections get no answer at all.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    for _ in 0..8 {
        let connecting = tokio::net::TcpStream::connect(address);
        waiting.push(timeout(Duration::from_millis(50), connecting).await);
    }
    let model = OpenAiModel::new(options(&format!("http://{address}/v1"))).unwrap();
    let (_, end) = hear(&model).await;
    let Err(ModelError::TimedOut { phase, waited }) = end else {
        panic!("{end:?}");
    };
    assert_eq!(phase, Phase::Connect);
    assert!(waited >= Duration::from_millis(500), "{waited:?}");
}

#[tokio::test]
async fn dropping_a_reply_closes_the_providers_connection() {
    for hung in [
        speech().ending(Ending::Hang),
        Speech::of("").ending(Ending::Hang),
    ] {
        let mock = MockLlm::start(Script::always(hung.into())).await;
        let model = OpenAiModel::new(options(&mock.base_url())).unwrap();
        let mut reply = model.reply(request()).await.unwrap();
        let _ = timeout(Duration::from_millis(50), reply.next()).await;
        assert_eq!(mock.in_flight(), 1);
        let dropped = Instant::now();
        drop(reply);
        assert!(mock.saw_hang_ups(1, Duration::from_secs(1)).await);
        assert!(mock.hang_ups()[0].at - dropped < Duration::from_secs(1));
        assert_eq!(mock.in_flight(), 0);
    }
}

#[tokio::test]
async fn dropping_a_call_that_waits_for_headers_closes_the_connection_too() {
    let mock = MockLlm::start(Script::always(Answer::HangBeforeHeaders)).await;
    let model = OpenAiModel::new(options(&mock.base_url())).unwrap();
    let call = timeout(Duration::from_millis(100), model.reply(request()));
    assert!(call.await.is_err());
    assert!(mock.saw_hang_ups(1, Duration::from_secs(1)).await);
}

#[tokio::test]
async fn replies_that_ended_leave_their_connection_for_the_next() {
    let mock = MockLlm::start(Script::echo()).await;
    let model = OpenAiModel::new(options(&mock.base_url())).unwrap();
    for _ in 0..5 {
        hear(&model).await.1.unwrap();
    }
    assert_eq!(mock.request_count(), 5);
    assert_eq!(mock.connection_count(), 1);
    assert!(mock.hang_ups().is_empty());
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
