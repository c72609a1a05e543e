//! What goes wrong with a provider, and what is made of it.

use super::*;

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
}

#[tokio::test]
async fn a_whole_answer_in_the_place_of_a_stream_is_read_as_well() {
    let answer = r#"{
        "object": "chat.completion",
        "choices": [{"message": {"role": "assistant", "content": "one two"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2}
    }"#;
    let usage = Usage {
        prompt_tokens: 3,
        completion_tokens: 2,
    };
    for content_type in ["application/json", "application/json; charset=utf-8"] {
        let (said, end) = hear_answer(body(content_type, answer)).await;
        assert_eq!(said, "one two");
        assert_eq!(end.unwrap(), (Finish::Stop, Some(usage)));
    }
}

#[tokio::test]
async fn a_success_that_is_no_answer_is_a_fault() {
    let json = |text| fault(body("application/json", text));
    let error = json(r#"{"error":{"message":"no such model","code":404}}"#).await;
    assert!(
        matches!(error, ModelError::Refused { status: 404, .. }),
        "{error:?}"
    );
    let error = json(r#"{"choices": [{"mess"#).await;
    assert!(matches!(error, ModelError::Malformed(_)), "{error:?}");
    for strange in ["{}", "[1, 2]", ""] {
        let error = json(strange).await;
        assert!(matches!(error, ModelError::Cut(None)), "{error:?}");
    }
    let error = fault(body("text/html", "<html>\nhello\n\n</html>")).await;
    assert!(matches!(error, ModelError::Cut(None)), "{error:?}");
    let error = fault(body("application/json", &"[".repeat(2 << 20))).await;
    assert!(matches!(error, ModelError::Malformed(_)), "{error:?}");
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
