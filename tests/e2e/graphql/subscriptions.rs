//! A message and her answer, as one subscription.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::frames::{assert_same, chat, names, numbers};
use crate::support::chat::KIND;
use crate::support::graphql_socket::{GraphqlSocket, Operation};
use crate::support::new_id;
use crate::support::socket::Socket;
use crate::support::world::{Model, World};

scenarios! {
    everywhere: [
        a_chat_is_told_to_its_end_as_a_chat_socket_is_told_it,
        who_leaves_a_chat_does_not_stop_her,
        a_message_that_was_sent_before_is_told_how_it_stands,
        what_goes_wrong_before_the_first_frame_has_its_code,
        a_turn_in_which_she_said_nothing_is_told_to_its_end_too,
    ],
}

async fn say(graphql: &mut GraphqlSocket, waifu: &str, id: &str, text: &str) -> Operation {
    let variables = json!({"waifu": waifu, "text": text, "id": id});
    graphql.begin(&chat(), &variables).await
}

async fn a_chat_is_told_to_its_end_as_a_chat_socket_is_told_it(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    let mut graphql = GraphqlSocket::of(&ada).await;
    assert_eq!(
        graphql.socket.protocol.as_deref(),
        Some("graphql-transport-ws")
    );
    let id = new_id();
    let operation = say(&mut graphql, &hana, &id, KIND).await;
    let frames = graphql.until(&operation, "TurnDone").await;
    graphql.completed(&operation).await;
    let on_socket = socket.until("turn.done").await;
    let (_, ready) = Socket::ready(&ada, &hana).await;
    assert_same(&frames, &on_socket, &ready["epoch"]);

    assert!(frames.len() > 6, "words come as they are said: {frames:#?}");
    assert_eq!(frames[0]["clientMessageId"], id);
    assert_eq!(
        names(&frames),
        [
            "MessageAccepted",
            "TurnStarted",
            "RelationshipUpdated",
            "EventChanged",
            "TurnDone"
        ]
    );
    assert_eq!(numbers(&frames), [1, 2, 3, 4, 5]);
    let done = frames.last().unwrap();
    let history = ada.history(&hana).await;
    assert_eq!(
        (&done["status"], &done["message"]["id"]),
        (&json!("COMPLETED"), &history[0]["id"])
    );
    // What others do next is not of this turn.
    ada.give(&hana, "sea_glass").await.ok();
    graphql.silent_for(Duration::from_millis(300)).await;
}

async fn who_leaves_a_chat_does_not_stop_her(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let (hana, yuki) = (ada.companion().await, ada.companion().await);
    let mut graphql = GraphqlSocket::of(&ada).await;
    let left = say(&mut graphql, &hana, &new_id(), KIND).await;
    graphql.until(&left, "TurnDelta").await;
    graphql.leave(&left).await;
    let mut broken = GraphqlSocket::of(&ada).await;
    let operation = say(&mut broken, &yuki, &new_id(), KIND).await;
    broken.until(&operation, "TurnDelta").await;
    drop(broken);
    let deadline = Instant::now() + Duration::from_secs(30);
    for waifu in [&hana, &yuki] {
        while ada.history(waifu).await.len() < 2 {
            assert!(Instant::now() < deadline, "the reply was not stored");
            sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(ada.history(waifu).await[0]["status"], "completed");
        assert_eq!(ada.ledger(waifu).await.len(), 1);
    }
    // Of what was left nothing more is told: frames that were on their way, and no end.
    let next = say(&mut graphql, &hana, &new_id(), KIND).await;
    loop {
        let message = graphql.socket.frame().await;
        if message["id"] == next.0 {
            break;
        }
        assert_eq!(message["type"], "next", "{message}");
    }
    graphql.until(&next, "TurnDone").await;
    graphql.completed(&next).await;
}

async fn a_message_that_was_sent_before_is_told_how_it_stands(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let mut graphql = GraphqlSocket::of(&ada).await;
    let id = new_id();
    let operation = say(&mut graphql, &hana, &id, KIND).await;
    let mut first = graphql.until(&operation, "TurnDelta").await;

    let mut other = GraphqlSocket::of(&ada).await;
    let again = say(&mut other, &hana, &id, KIND).await;
    let again_heard = other.until(&again, "TurnDone").await;
    other.completed(&again).await;
    first.extend(graphql.until(&operation, "TurnDone").await);

    let mut accepted = first[0].clone();
    accepted["duplicate"] = json!(true);
    (accepted["seq"], accepted["epoch"]) = (Value::Null, Value::Null);
    assert_eq!(again_heard[0], accepted);
    assert_eq!(names(&again_heard)[1], "TurnSnapshot");
    assert_eq!(numbers(&again_heard), [3, 4, 5]);
    assert_eq!(again_heard.last(), first.last());

    // And when it is over, that it is.
    let over = say(&mut other, &hana, &id, KIND).await;
    let heard = other.until(&over, "TurnDone").await;
    other.completed(&over).await;
    let mut done = first.last().unwrap().clone();
    (done["seq"], done["epoch"]) = (Value::Null, Value::Null);
    assert_eq!(heard, [accepted, done]);
    let answer = ada.say_as(&hana, &id, KIND).await.ok();
    assert_eq!(answer["turn_id"], first[0]["turnId"]);
    assert_eq!(ada.history(&hana).await.len(), 2);
    if world.model == Model::Scripted {
        assert_eq!(server.model().request_count(), 1);
    }
}

async fn what_goes_wrong_before_the_first_frame_has_its_code(world: World) {
    let server = world.slow_server(&[]).await;
    let (ada, bob) = (server.user().await, server.user().await);
    let (hana, yuki, his) = (
        ada.companion().await,
        ada.companion().await,
        bob.companion().await,
    );
    let mut graphql = GraphqlSocket::of(&ada).await;
    let id = new_id();
    let running = say(&mut graphql, &hana, &id, KIND).await;
    graphql.until(&running, "TurnStarted").await;
    ada.delete(&format!("/waifus/{yuki}")).await;
    let mut other = GraphqlSocket::of(&ada).await;
    for (waifu, id, text, code) in [
        (hana.as_str(), new_id(), KIND, "turn_in_progress"),
        (&hana, id, "other words", "idempotency_mismatch"),
        (&his, new_id(), KIND, "not_found"),
        (&new_id(), new_id(), KIND, "not_found"),
        (&yuki, new_id(), KIND, "companion_gone"),
        ("hana", new_id(), KIND, "validation"),
        (&hana, "1".to_owned(), KIND, "validation"),
        (&hana, new_id(), "", "validation"),
        (&hana, new_id(), "a\u{0}b", "validation"),
    ] {
        let operation = say(&mut other, waifu, &id, text).await;
        assert_eq!(other.refused(&operation).await, code, "{waifu} {id} {text}");
    }
    graphql.until(&running, "TurnDone").await;
    graphql.completed(&running).await;
    assert_eq!(ada.history(&hana).await.len(), 2);
}

async fn a_turn_in_which_she_said_nothing_is_told_to_its_end_too(world: World) {
    if world.model == Model::Offline {
        return;
    }
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let refusal = waifu_testkit::mock_llm::Answer::status(500, "{}");
    server.model().set_default(refusal);
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    let mut graphql = GraphqlSocket::of(&ada).await;
    let operation = say(&mut graphql, &hana, &new_id(), KIND).await;
    let frames = graphql.until(&operation, "TurnDone").await;
    graphql.completed(&operation).await;
    let done = frames.last().unwrap();
    assert_eq!(
        (&done["status"], &done["reason"], &done["retryable"]),
        (&json!("FAILED"), &json!("PROVIDER_FAILED"), &json!(true))
    );
    let (_, ready) = Socket::ready(&ada, &hana).await;
    assert_same(&frames, &socket.until("turn.done").await, &ready["epoch"]);
}
