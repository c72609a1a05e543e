//! SIGTERM: nothing that was begun is lost, and everybody is told.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use crate::support::chat::KIND;
use crate::support::socket::{Socket, words_from};
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_server_that_has_only_just_started_stops_in_order,
        a_server_that_stops_lets_her_finish,
        a_server_in_a_hurry_keeps_the_words_so_far,
        whoever_waits_for_an_answer_gets_it_before_the_server_ends,
    ],
}

async fn a_server_that_stops_lets_her_finish(world: World) {
    let mut server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let (hana, yuki) = (ada.companion().await, ada.companion().await);
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    let (mut bystander, _) = Socket::ready(&ada, &yuki).await;
    socket.say(KIND).await;
    let mut frames = socket.until("turn.delta").await;
    server.ask_to_stop();
    frames.extend(socket.until("reconnect").await);
    assert!(frames.last().unwrap()["after_ms"].is_u64());

    // Nothing new is begun.
    let readiness = server.door.get("/health/ready").await;
    assert_eq!(
        (readiness.status, &readiness.json()["draining"]),
        (503, &json!(true))
    );
    ada.say(&yuki, "hello?").await.problem(503, "draining");
    bystander.expect("reconnect").await;
    bystander.say("hello?").await;
    let error = bystander.expect("error").await;
    assert_eq!(
        (&error["code"], &error["retryable"]),
        (&json!("draining"), &json!(true))
    );

    frames.extend(socket.until("turn.done").await);
    let done = frames.last().unwrap();
    assert_eq!(done["status"], "completed");
    assert_eq!(
        words_from(0, &frames),
        done["message"]["text"].as_str().unwrap()
    );
    assert_eq!(socket.closed().await, 4503);
    assert_eq!(bystander.closed().await, 4503);
    assert!(server.ended().await.success());

    server.start_again().await;
    let ada = ada.through(&server.door);
    assert_eq!(ada.history(&hana).await[0], done["message"]);
    assert!(ada.history(&yuki).await.is_empty());
}

async fn a_server_in_a_hurry_keeps_the_words_so_far(world: World) {
    let mut server = world
        .slow_server(&[("WAIFU__SERVER__DRAIN_GRACE_SECONDS", "0")])
        .await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    socket.say(KIND).await;
    let mut frames = socket.until("turn.delta").await;
    server.ask_to_stop();
    frames.extend(socket.until("turn.done").await);
    let done = frames.last().unwrap();
    assert_eq!(
        (&done["status"], &done["reason"]),
        (&json!("incomplete"), &json!("draining"))
    );
    assert_eq!(
        words_from(0, &frames),
        done["message"]["text"].as_str().unwrap()
    );
    assert!(server.ended().await.success());

    server.start_again().await;
    let ada = ada.through(&server.door);
    assert_eq!(ada.history(&hana).await[0], done["message"]);
    assert_eq!(ada.ledger(&hana).await.len(), 1);
}

async fn whoever_waits_for_an_answer_gets_it_before_the_server_ends(world: World) {
    let mut server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let waiting = tokio::spawn({
        let (ada, hana) = (ada.clone(), hana.clone());
        async move { ada.say(&hana, KIND).await }
    });
    while ada.history(&hana).await.is_empty() {
        sleep(Duration::from_millis(20)).await;
    }
    let exit = server.stop().await;
    let answer = waiting.await.unwrap().ok();
    assert_eq!(answer["status"], "completed");
    assert!(exit.success(), "{exit}");

    server.start_again().await;
    let ada = ada.through(&server.door);
    assert_eq!(ada.history(&hana).await[0]["id"], answer["reply"]["id"]);
}

async fn a_server_that_has_only_just_started_stops_in_order(world: World) {
    let mut server = world.server().await;
    for _ in 0..5 {
        let exit = server.stop().await;
        assert!(exit.success(), "{exit}");
        server.start_again().await;
    }
}
