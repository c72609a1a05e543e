//! A turn, event by event.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;
use waifu_testkit::mock_llm::Answer;

use crate::support::chat::KIND;
use crate::support::new_id;
use crate::support::rest::User;
use crate::support::socket::{SETTLED, Socket, durable, durable_types, types, words_from};
use crate::support::sse::{EventStream, frames};
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_stream_is_the_turn_and_ends_with_it,
        a_stream_is_what_a_socket_hears,
        a_stream_needs_an_id_by_which_it_can_be_asked_for_again,
        what_is_wrong_is_told_in_place_of_a_stream,
        who_hangs_up_does_not_stop_her,
        a_turn_that_is_stopped_ends_its_stream,
    ],
    with_a_scripted_model: [
        a_turn_in_which_she_said_nothing_ends_its_stream_too,
    ],
}

async fn a_stream_is_the_turn_and_ends_with_it(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let stream = EventStream::say(&ada, &hana, &new_id(), KIND)
        .await
        .unwrap();
    assert_eq!(stream.headers["cache-control"], "no-cache");
    let events = stream.rest().await;
    let (_, ready) = Socket::ready(&ada, &hana).await;
    let epoch = ready["epoch"].as_str().unwrap();
    for event in &events {
        assert_eq!(event.data["type"], event.name.as_str());
        let id = event.data["seq"].as_u64();
        assert_eq!(
            event.id,
            id.map(|seq| format!("{epoch}:{seq}")),
            "{event:?}"
        );
    }
    let frames = frames(&events);
    let kinds = types(&frames);
    assert!(kinds.len() > 6, "few deltas: {kinds:?}");
    let durable = [&["message.accepted", "turn.started"][..], &SETTLED].concat();
    assert_eq!(durable_types(&frames), durable);
    assert_eq!(kinds[kinds.len() - 1], "turn.done");
    let said = ada.history(&hana).await[0].clone();
    assert_eq!(said["text"], words_from(0, &frames).as_str());
    assert_eq!(frames[frames.len() - 1]["message"], said);
}

async fn a_stream_is_what_a_socket_hears(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    for _ in 0..2 {
        let stream = EventStream::say(&ada, &hana, &new_id(), KIND)
            .await
            .unwrap();
        let (events, heard) = tokio::join!(stream.rest(), socket.until("turn.done"));
        let frames = frames(&events);
        assert_eq!(durable(&frames), durable(&heard));
        assert_eq!(words_from(0, &frames), words_from(0, &heard));
    }
}

async fn a_stream_needs_an_id_by_which_it_can_be_asked_for_again(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let body = json!({"waifu_id": hana, "message": KIND});
    let problem = EventStream::post(&ada, &body, &[]).await.unwrap_err();
    let problem = problem.problem(422, "validation");
    assert!(
        problem.to_string().contains("/client_message_id"),
        "{problem}"
    );
    assert!(ada.history(&hana).await.is_empty());

    let key = new_id();
    let under_key = [("Idempotency-Key", key.as_str())];
    let stream = EventStream::post(&ada, &body, &under_key).await.unwrap();
    let events = stream.rest().await;
    assert_eq!(events[0].data["client_message_id"], key.as_str());
    // By either name it is the same message.
    let answer = ada.say_as(&hana, &key, KIND).await.ok();
    assert_eq!(answer["turn_id"], events[0].data["turn_id"]);
}

async fn what_is_wrong_is_told_in_place_of_a_stream(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let id = new_id();
    let say = async |user: &User, waifu: &str, id: &str, words: &str| {
        EventStream::say(user, waifu, id, words).await.unwrap_err()
    };
    let nobody = User {
        token: "garbage".to_owned(),
        ..ada.clone()
    };
    let refused = say(&nobody, &hana, &id, KIND).await;
    refused.problem(401, "unauthenticated");
    say(&ada, &hana, &id, "").await.problem(422, "validation");
    say(&ada, &hana, "7", KIND).await.problem(422, "validation");
    let refused = say(&ada, &new_id(), &id, KIND).await;
    refused.problem(404, "not_found");
    for place in ["7", "null", "x:1", "null:-1"] {
        let again = EventStream::say_again(&ada, &hana, &id, KIND, Some(place)).await;
        again.unwrap_err().problem(422, "validation");
    }
    assert!(ada.history(&hana).await.is_empty());

    let mut stream = EventStream::say(&ada, &hana, &id, KIND).await.unwrap();
    let accepted = stream.next().await.unwrap();
    let busy = say(&ada, &hana, &new_id(), KIND).await;
    let busy = busy.problem(409, "turn_in_progress");
    assert_eq!(busy["turn_id"], accepted.data["turn_id"]);
    let other_words = say(&ada, &hana, &id, "other words").await;
    other_words.problem(422, "idempotency_mismatch");
    stream.rest().await;

    ada.delete(&format!("/waifus/{hana}")).await;
    let gone = say(&ada, &hana, &new_id(), KIND).await;
    gone.problem(410, "companion_gone");
}

async fn who_hangs_up_does_not_stop_her(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let mut stream = EventStream::say(&ada, &hana, &new_id(), KIND)
        .await
        .unwrap();
    let heard = words_from(0, &frames(&stream.until("turn.delta").await));
    drop(stream);
    while ada.history(&hana).await.len() < 2 {
        sleep(Duration::from_millis(50)).await;
    }
    let said = ada.history(&hana).await[0].clone();
    assert_eq!(said["status"], "completed");
    let said = said["text"].as_str().unwrap();
    assert!(said.starts_with(&heard) && said.len() > heard.len());
}

async fn a_turn_that_is_stopped_ends_its_stream(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let mut stream = EventStream::say(&ada, &hana, &new_id(), KIND)
        .await
        .unwrap();
    let mut events = stream.until("turn.delta").await;
    let turn = events[0].data["turn_id"].clone();
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    let cancel = json!({"type": "turn.cancel", "turn_id": turn});
    socket.send(&cancel).await;
    events.extend(stream.rest().await);
    let done = events.last().unwrap();
    assert_eq!(done.name, "turn.done");
    assert_eq!(done.data["status"], "cancelled");
    let words = words_from(0, &frames(&events));
    assert_eq!(done.data["message"]["text"], words.as_str());
}

async fn a_turn_in_which_she_said_nothing_ends_its_stream_too(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    server.model().set_default(Answer::status(500, "{}"));
    let stream = EventStream::say(&ada, &hana, &new_id(), KIND)
        .await
        .unwrap();
    let frames = frames(&stream.rest().await);
    let kinds = ["message.accepted", "turn.started", "turn.done"];
    assert_eq!(durable_types(&frames), kinds);
    assert_eq!(frames[2]["status"], "failed");
    assert_eq!(frames[2]["retryable"], true);
}
