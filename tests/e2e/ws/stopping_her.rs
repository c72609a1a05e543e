//! `turn.cancel` and `turn.sync`.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;
use waifu_testkit::mock_llm::Speech;

use crate::support::chat::KIND;
use crate::support::new_id;
use crate::support::socket::{Socket, durable, durable_types, seqs, types, words_from};
use crate::support::world::World;

scenarios! {
    everywhere: [
        every_device_hears_that_she_was_stopped,
        stopping_what_is_over_changes_nothing,
        a_turn_that_is_not_there_is_told_to_be_so,
        a_turn_that_is_answered_again_can_be_stopped_and_shown,
    ],
    with_a_scripted_model: [
        she_is_stopped_before_her_first_word,
    ],
}

const SILENCE: Duration = Duration::from_millis(300);

fn cancel(turn: &Value) -> Value {
    json!({"type": "turn.cancel", "turn_id": turn})
}

fn sync(turn: &Value) -> Value {
    json!({"type": "turn.sync", "turn_id": turn})
}

async fn every_device_hears_that_she_was_stopped(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut phone, _) = Socket::ready(&ada, &hana).await;
    let (mut laptop, _) = Socket::ready(&ada, &hana).await;
    phone.say(KIND).await;
    let mut frames = phone.until("turn.delta").await;
    let turn = frames[0]["turn_id"].clone();
    // Whoever it was that began it.
    laptop.send(&cancel(&turn)).await;
    let asked = Instant::now();
    frames.extend(phone.until("turn.done").await);
    assert!(
        asked.elapsed() < Duration::from_secs(1),
        "{:?}",
        asked.elapsed()
    );
    let done = frames.last().unwrap();
    assert_eq!(
        (&done["status"], &done["retryable"]),
        (&json!("cancelled"), &json!(false))
    );
    assert_eq!(done["message"]["text"], words_from(0, &frames).as_str());
    assert_eq!(done["message"], ada.history(&hana).await[0]);
    let on_laptop = laptop.until("turn.done").await;
    assert_eq!(durable(&on_laptop), durable(&frames));
    phone.silent_for(SILENCE).await;
    laptop.silent_for(SILENCE).await;
    phone.say("Go on.").await;
    assert_eq!(phone.expect("message.accepted").await["turn_no"], 2);
}

async fn stopping_what_is_over_changes_nothing(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    socket.say(KIND).await;
    let frames = socket.until("turn.done").await;
    let stored = ada.everything_with(&hana).await;
    for _ in 0..3 {
        socket.send(&cancel(&frames[0]["turn_id"])).await;
    }
    socket.silent_for(SILENCE).await;
    assert_eq!(ada.everything_with(&hana).await, stored);
}

async fn a_turn_that_is_not_there_is_told_to_be_so(world: World) {
    let server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let mina = ada.public_companion().await;
    let (mut socket, _) = Socket::ready(&ada, &mina).await;
    let nowhere = json!(new_id());
    let his = bob.say(&mina, KIND).await.ok()["turn_id"].clone();
    for met in [false, true] {
        if met {
            socket.say(KIND).await;
            socket.until("turn.done").await;
        }
        for turn in [&nowhere, &his] {
            for frame in [cancel(turn), sync(turn)] {
                socket.send(&frame).await;
                let error = socket.expect("error").await;
                let told = (&error["code"], &error["ref"]);
                assert_eq!(told, (&json!("not_found"), turn), "{frame}");
            }
        }
    }
    for frame in [
        cancel(&json!("x")),
        sync(&json!(7)),
        json!({"type": "turn.cancel"}),
    ] {
        socket.send(&frame).await;
        assert_eq!(socket.expect("error").await["code"], "validation");
    }
}

async fn a_turn_that_is_answered_again_can_be_stopped_and_shown(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    socket.say(KIND).await;
    let turn = socket.until("turn.done").await[0]["turn_id"].clone();
    let path = format!("/waifus/{hana}/turns/{}/regenerate", turn.as_str().unwrap());
    let regenerate = ada.post(&path, &Value::Null);
    let (again, frames) = tokio::join!(regenerate, async {
        let mut frames = socket.until("turn.delta").await;
        socket.send(&sync(&turn)).await;
        frames.extend(socket.until("turn.snapshot").await);
        let snapshot = frames.last().unwrap();
        assert_eq!(snapshot["run"], 2, "{snapshot}");
        let told = types(&frames)
            .iter()
            .filter(|kind| **kind == "turn.delta")
            .count();
        assert_eq!(snapshot["index"], told, "{snapshot}");
        assert!(!snapshot["text"].as_str().unwrap().is_empty());
        socket.send(&cancel(&turn)).await;
        frames.extend(socket.until("turn.done").await);
        frames
    });
    let again = again.ok();
    assert_eq!(
        (&again["run"], &again["status"]),
        (&json!(2), &json!("cancelled"))
    );
    let done = frames.last().unwrap();
    assert_eq!(
        (&done["run"], &done["status"]),
        (&json!(2), &json!("cancelled"))
    );
    assert_eq!(done["message"]["id"], again["reply"]["id"]);
    // What is shown of it now is how it stands.
    socket.send(&sync(&turn)).await;
    let shown = socket.expect("turn.done").await;
    assert_eq!(
        (&shown["run"], &shown["message"]),
        (&json!(2), &done["message"])
    );
    assert_eq!(shown.get("seq"), None);
}

async fn she_is_stopped_before_her_first_word(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    let late = Speech::echo().first_word_after(Duration::from_secs(20));
    server.model().push(late.into());
    socket.say(KIND).await;
    let mut frames = socket.until("turn.started").await;
    let turn = frames[0]["turn_id"].clone();
    socket.send(&sync(&turn)).await;
    let snapshot = socket.expect("turn.snapshot").await;
    assert_eq!(
        (&snapshot["text"], &snapshot["index"]),
        (&json!(""), &json!(0))
    );
    socket.send(&cancel(&turn)).await;
    frames.extend(socket.until("turn.done").await);
    assert_eq!(
        types(&frames),
        ["message.accepted", "turn.started", "turn.done"]
    );
    assert_eq!(seqs(&frames), [1, 2, 3]);
    let done = frames.last().unwrap();
    assert_eq!(
        (&done["status"], &done["message"]),
        (&json!("cancelled"), &Value::Null)
    );
    assert!(server.model().saw_hang_ups(1, Duration::from_secs(5)).await);
    assert!(ada.ledger(&hana).await.is_empty());
    // It may be answered after all.
    let path = format!("/waifus/{hana}/turns/{}/regenerate", turn.as_str().unwrap());
    let again = ada.post(&path, &Value::Null).await.ok();
    assert_eq!(again["status"], "completed");
    let frames = socket.until("turn.done").await;
    let kinds = [
        "turn.started",
        "relationship.updated",
        "event.opened",
        "turn.done",
    ];
    assert_eq!(durable_types(&frames), kinds);
}
