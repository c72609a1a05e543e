//! Stopping her.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use waifu_testkit::mock_llm::Speech;

use crate::support::chat::{KIND, SLOW_WORDS};
use crate::support::new_id;
use crate::support::rest::{Answer, User, send};
use crate::support::world::{Model, World};

scenarios! {
    everywhere: [
        who_stops_her_keeps_her_words_so_far,
        a_turn_that_is_over_is_not_stopped_again,
        nobody_stops_a_turn_that_is_not_his,
    ],
    with_a_scripted_model: [
        whom_he_stops_before_her_first_word_has_said_nothing,
        her_provider_is_hung_up_on_within_a_second,
    ],
}

async fn cancel(user: &User, waifu: &str, turn: &Value) -> Answer {
    let turn = turn.as_str().expect("an id");
    send(user.request("POST", &format!("/waifus/{waifu}/turns/{turn}/cancel"))).await
}

/// The turn that is being answered, once she has had so long for it.
async fn turn_after(user: &User, waifu: &str, pause: Duration) -> Value {
    while user.history(waifu).await.is_empty() {
        sleep(Duration::from_millis(20)).await;
    }
    sleep(pause).await;
    user.history(waifu).await[0]["turn_id"].clone()
}

async fn who_stops_her_keeps_her_words_so_far(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (waited_for, stopped) = tokio::join!(ada.say(&hana, KIND), async {
        let turn = turn_after(&ada, &hana, Duration::from_millis(700)).await;
        cancel(&ada, &hana, &turn).await
    });
    let stopped = stopped.ok();
    assert_eq!(stopped["status"], "cancelled");
    assert_eq!(waited_for.ok(), stopped);
    let history = ada.history(&hana).await;
    assert_eq!(stopped["reply"]["id"], history[0]["id"]);
    assert_eq!(history[0]["status"], "cancelled");
    let words = history[0]["text"].as_str().unwrap();
    assert!(!words.is_empty());
    if world.model == Model::Scripted {
        assert!(
            SLOW_WORDS.starts_with(words) && words != SLOW_WORDS,
            "{words:?}"
        );
    }
    assert_eq!(json!(ada.ledger(&hana).await), stopped["interactions"]);
    assert_eq!(ada.relationship(&hana).await, stopped["relationship"]);
    // And she listens again.
    ada.say(&hana, "What was it?").await.ok();
}

async fn a_turn_that_is_over_is_not_stopped_again(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let answer = ada.say(&hana, KIND).await.ok();
    let stored = ada.everything_with(&hana).await;
    for _ in 0..2 {
        let stopped = cancel(&ada, &hana, &answer["turn_id"]).await.ok();
        assert_eq!(stopped, answer);
    }
    assert_eq!(ada.everything_with(&hana).await, stored);
}

async fn nobody_stops_a_turn_that_is_not_his(world: World) {
    let server = world.slow_server(&[]).await;
    let (ada, bob) = (server.user().await, server.user().await);
    let (mina, yuki) = (ada.public_companion().await, ada.companion().await);
    let (answer, ()) = tokio::join!(ada.say(&mina, KIND), async {
        let turn = turn_after(&ada, &mina, Duration::ZERO).await;
        let his = cancel(&bob, &mina, &turn).await.problem(404, "not_found");
        let unknown = cancel(&ada, &mina, &json!(new_id())).await;
        assert_eq!(unknown.problem(404, "not_found"), his);
        // Nor with another companion of his own.
        cancel(&ada, &yuki, &turn).await.problem(404, "not_found");
        let garbage = cancel(&ada, &mina, &json!("garbage")).await;
        assert_eq!(garbage.status, 422, "{garbage:?}");
    });
    assert_eq!(answer.ok()["status"], "completed");
}

async fn whom_he_stops_before_her_first_word_has_said_nothing(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let late = Speech::echo().first_word_after(Duration::from_secs(20));
    server.model().push(late.into());
    let start = Instant::now();
    let (waited_for, stopped) = tokio::join!(ada.say(&hana, KIND), async {
        let turn = turn_after(&ada, &hana, Duration::from_millis(200)).await;
        cancel(&ada, &hana, &turn).await
    });
    let stopped = stopped.ok();
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(stopped["status"], "cancelled");
    assert_eq!(stopped["reply"], Value::Null);
    assert_eq!(waited_for.ok(), stopped);
    assert_eq!(ada.history(&hana).await.len(), 1);
    assert_eq!(stopped["interactions"], json!([]));
    assert!(ada.ledger(&hana).await.is_empty());
}

async fn her_provider_is_hung_up_on_within_a_second(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let endless = "word ".repeat(1_000);
    let endless = Speech::of(&endless).word_every(Duration::from_millis(100));
    server.model().push(endless.into());
    let (_, ()) = tokio::join!(ada.say(&hana, KIND), async {
        let turn = turn_after(&ada, &hana, Duration::from_millis(300)).await;
        let asked = Instant::now();
        let model = server.model();
        let (stopped, hung_up) = tokio::join!(
            cancel(&ada, &hana, &turn),
            model.saw_hang_ups(1, Duration::from_secs(5))
        );
        stopped.ok();
        assert!(hung_up, "the provider still speaks");
        let waited = model.hang_ups()[0].at - asked;
        assert!(waited < Duration::from_secs(1), "{waited:?}");
    });
}
