//! A model that fails: the message is kept, affection stays, and the caller is told what happened.

use std::time::Duration;

use serde_json::json;
use waifu_testkit::mock_llm::{Answer, Ending, Speech};

use crate::support::chat::KIND;
use crate::support::new_id;
use crate::support::shape::shape;
use crate::support::world::World;

scenarios! {
    with_a_scripted_model: [
        a_model_that_says_nothing_is_a_problem_and_moves_nothing,
        a_model_that_is_down_is_a_problem_and_moves_nothing,
        a_reply_that_breaks_off_is_kept_as_far_as_it_came,
        a_reply_at_the_models_limit_is_complete_and_says_so,
        a_torn_stream_and_a_thinking_model_make_a_whole_reply,
    ],
}

/// What a model may do instead of speaking; and the status and the code that come of it.
fn silences() -> Vec<(&'static str, Answer, u16, &'static str)> {
    let (failed, unavailable) = ((502, "provider_failed"), (503, "provider_unavailable"));
    let raw = |content_type: &str, body: &str| Answer::Raw {
        content_type: content_type.to_owned(),
        body: body.into(),
    };
    let nothing = || Speech::of("");
    let error = Ending::Error(json!({"code": "x"}));
    [
        ("an error", Answer::error(500, "oops", SECRETS[0]), failed),
        (
            "a refused key",
            Answer::error(401, "bad", SECRETS[1]),
            failed,
        ),
        ("a refused request", Answer::error(400, "bad", "no"), failed),
        (
            "no room",
            Answer::error(429, "rate_limit", "slow down"),
            unavailable,
        ),
        (
            "silence",
            Answer::HangBeforeHeaders,
            (504, "provider_timeout"),
        ),
        ("a closed connection", Answer::CutBeforeHeaders, unavailable),
        ("no words", nothing().into(), failed),
        ("blank words", Speech::of(" \n ").into(), failed),
        (
            "withheld words",
            nothing().finish("content_filter").into(),
            failed,
        ),
        ("a web page", raw("text/html", SECRETS[2]), failed),
        ("an empty body", raw("text/event-stream", ""), failed),
        (
            "an error in the stream",
            nothing().ending(error).into(),
            failed,
        ),
        (
            "a long line",
            nothing().ending(Ending::LongLine(10 << 20)).into(),
            failed,
        ),
    ]
    .map(|(what, answer, (status, code))| (what, answer, status, code))
    .into()
}

/// What a provider says and no client may read.
const SECRETS: [&str; 3] = ["internal details", "key sk-1", "<html>"];

async fn a_model_that_says_nothing_is_a_problem_and_moves_nothing(world: World) {
    let patience = [("WAIFU__LLM__FIRST_WORD_TIMEOUT_SECONDS", "1")];
    let server = world.server_with(&patience).await;
    let ada = server.user().await;
    let (hana, rin) = (ada.companion().await, ada.companion().await);
    for (no, (what, answer, status, code)) in (1..).zip(silences()) {
        // A model that fails again and again is no longer asked: between its failures it speaks.
        server.model().set_default(Answer::words("Elsewhere."));
        ada.say(&rin, KIND).await.ok();
        // Whatever is tried again meets the same.
        server.model().set_default(answer);
        let id = new_id();
        let refused = ada.say_as(&hana, &id, KIND).await;
        assert_eq!(refused.status, status, "{what}: {refused:?}");
        let problem = refused.problem(status, code);
        assert!(
            !refused.header("retry-after").is_empty(),
            "{what}: {refused:?}"
        );
        let told = SECRETS.iter().any(|secret| refused.text.contains(secret));
        assert!(!told, "{what}: {refused:?}");

        let history = ada.history(&hana).await;
        assert_eq!(history.len(), no, "{what}: {history:?}");
        assert_eq!(history[0]["text"], KIND, "{what}");
        assert_eq!(history[0]["role"], "user", "{what}");
        assert_eq!(problem["turn_id"], history[0]["turn_id"], "{what}");
        assert!(ada.ledger(&hana).await.is_empty(), "{what}");
        assert_eq!(ada.relationship(&hana).await["affection"], 0, "{what}");
        // The same again is answered by the same problem, without another try.
        let asked = server.model().request_count();
        let again = ada.say_as(&hana, &id, KIND).await;
        assert_eq!(again.problem(status, code), problem, "{what}");
        assert_eq!(server.model().request_count(), asked, "{what}");
    }
    server.model().set_default(Answer::words("I am back."));
    let answer = ada.say(&hana, KIND).await.ok();
    assert_eq!(answer["reply"]["text"], "I am back.");
    assert_eq!(ada.ledger(&hana).await.len(), 1);
}

async fn a_model_that_is_down_is_a_problem_and_moves_nothing(world: World) {
    // A port that somebody had a moment ago, and nobody has now.
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{gone}/v1");
    let server = world.server_with(&[("WAIFU__LLM__BASE_URL", &url)]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let problem = ada
        .say(&hana, KIND)
        .await
        .problem(503, "provider_unavailable");
    insta::assert_json_snapshot!("model_down", shape(&problem));
    assert_eq!(ada.history(&hana).await.len(), 1);
    assert!(ada.ledger(&hana).await.is_empty());
    assert_eq!(server.door.get("/health/ready").await.status, 200);
}

async fn a_reply_that_breaks_off_is_kept_as_far_as_it_came(world: World) {
    let patience = [("WAIFU__LLM__NEXT_WORD_TIMEOUT_SECONDS", "1")];
    let server = world.server_with(&patience).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let table = [
        (Ending::Cut, "cut"),
        (Ending::EndWithoutFinish, "cut"),
        (Ending::DoneWithoutFinish, "cut"),
        (Ending::Hang, "provider_timeout"),
        (Ending::BadJson, "provider_failed"),
        (Ending::BadUtf8, "provider_failed"),
        (
            Ending::Error(json!({"message": "overloaded"})),
            "provider_failed",
        ),
        (Ending::Finish("content_filter".to_owned()), "filtered"),
    ];
    for (no, (ending, reason)) in (1..).zip(table) {
        server
            .model()
            .push(Speech::of("I was about to").ending(ending.clone()).into());
        let answer = ada.say(&hana, "ok").await.ok();
        let status = (&answer["status"], &answer["reason"]);
        assert_eq!(
            status,
            (&json!("incomplete"), &json!(reason)),
            "{ending:?}: {answer}"
        );
        assert_eq!(answer["reply"]["text"], "I was about to");
        assert_eq!(ada.history(&hana).await[0]["status"], "incomplete");
        // She was heard, so it counts.
        assert_eq!(ada.ledger(&hana).await.len(), no);
    }
}

async fn a_reply_at_the_models_limit_is_complete_and_says_so(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    server
        .model()
        .push(Speech::of("And then there").finish("length").into());
    let answer = ada.say(&hana, "ok").await.ok();
    assert_eq!(
        (&answer["status"], &answer["reason"]),
        (&json!("completed"), &json!("length"))
    );
}

async fn a_torn_stream_and_a_thinking_model_make_a_whole_reply(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let words = "Grüß dich 花子, schön dass du da bist 🌸";
    let speech = Speech::of(words)
        .reasoning("He greets me in German.")
        .first_word_after(Duration::from_millis(50))
        .in_fragments_of(3);
    server.model().push(speech.into());
    assert_eq!(ada.say(&hana, "Hallo!").await.ok()["reply"]["text"], words);
}
