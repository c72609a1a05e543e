//! A message, her answer, and what it moved.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::chat::{HOSTILE, KIND, change_of};
use crate::support::new_id;
use crate::support::shape::shape;
use crate::support::world::{Model, World};

scenarios! {
    everywhere: [
        a_reply_is_kept_when_whoever_asked_has_hung_up,
        a_message_is_answered_and_moves_affection,
        affection_rises_with_kind_words_and_falls_with_hostile_ones,
        talk_moves_only_so_much_a_day,
        the_same_message_twice_is_one_turn,
        an_id_that_comes_with_other_words_is_refused,
        one_message_sent_many_times_at_once_is_one_turn,
        two_messages_at_once_are_answered_one_at_a_time,
    ],
    with_a_scripted_model: [
        the_model_is_told_who_she_is_and_what_was_said_before,
    ],
}

async fn a_message_is_answered_and_moves_affection(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let stranger = ada.relationship(&hana).await;
    assert_eq!(
        (&stranger["affection"], &stranger["version"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(stranger["last_interaction"], Value::Null);

    let answer = ada.say(&hana, KIND).await.ok();
    insta::assert_json_snapshot!("answer", shape(&answer));
    assert_eq!(answer["message"]["text"], KIND);
    assert!(!answer["reply"]["text"].as_str().unwrap().is_empty());
    let moved = change_of(&answer["interactions"][0]);
    assert!(moved > 0, "{answer}");
    assert_eq!(answer["relationship"]["affection"], moved);
    assert_eq!(ada.relationship(&hana).await, answer["relationship"]);
    assert_eq!(json!(ada.ledger(&hana).await), answer["interactions"]);
}

async fn affection_rises_with_kind_words_and_falls_with_hostile_ones(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let mut affection = 0;
    for (no, words) in (1..).zip([KIND, "I am going to the shop.", HOSTILE, KIND, HOSTILE]) {
        let answer = ada.say(&hana, words).await.ok();
        assert_eq!(
            (&answer["turn_no"], &answer["run"]),
            (&json!(no), &json!(1))
        );
        let [row] = answer["interactions"].as_array().unwrap().as_slice() else {
            panic!("not one row: {answer}")
        };
        let moved = change_of(row);
        if words == KIND {
            assert!(moved > 0, "{row}");
        } else if words == HOSTILE {
            assert!(moved < 0, "{row}");
        }
        affection += moved;
        assert_eq!(row["affection_after"], affection);
        assert_eq!(answer["relationship"]["affection"], affection);
    }
    let changes: i64 = ada.ledger(&hana).await.iter().map(change_of).sum();
    assert_eq!(changes, affection);
}

async fn talk_moves_only_so_much_a_day(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let mut last = Value::Null;
    for _ in 0..5 {
        last = ada.say(&hana, "I love you").await.ok();
    }
    // The shipped rules let talk gain 8 points in 20 hours.
    assert_eq!(last["relationship"]["affection"], 8);
    assert_eq!(change_of(&last["interactions"][0]), 0);
    let reasons = last["interactions"][0]["reasons"].to_string();
    assert!(reasons.contains("cap.chat"), "{reasons}");
    assert_eq!(last["relationship"]["level"], 1);
}

async fn the_same_message_twice_is_one_turn(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let id = new_id();
    let first = ada.say_as(&hana, &id, KIND).await.ok();
    let stored = ada.everything_with(&hana).await;
    let second = ada.say_as(&hana, &id, KIND).await.ok();
    assert_eq!(first, second);
    assert_eq!(ada.everything_with(&hana).await, stored);
    if world.model == Model::Scripted {
        assert_eq!(server.model().request_count(), 1);
    }
}

async fn an_id_that_comes_with_other_words_is_refused(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let (hana, yuki) = (ada.companion().await, ada.companion().await);
    let id = new_id();
    ada.say_as(&hana, &id, KIND).await.ok();
    let stored = ada.everything_with(&hana).await;
    ada.say_as(&hana, &id, "something else")
        .await
        .problem(422, "idempotency_mismatch");
    assert_eq!(ada.everything_with(&hana).await, stored);
    // With another companion it is another message.
    ada.say_as(&yuki, &id, "something else").await.ok();
}

async fn one_message_sent_many_times_at_once_is_one_turn(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let id = new_id();
    let answers = join_all((0..8).map(|_| ada.say_as(&hana, &id, KIND))).await;
    let first = answers[0].ok();
    for answer in &answers {
        assert_eq!(answer.ok(), first);
    }
    assert_eq!(ada.history(&hana).await.len(), 2);
    assert_eq!(ada.ledger(&hana).await.len(), 1);
    if world.model == Model::Scripted {
        assert_eq!(server.model().request_count(), 1);
    }
}

async fn a_reply_is_kept_when_whoever_asked_has_hung_up(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let accepted = async {
        while ada.history(&hana).await.is_empty() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        answer = ada.say(&hana, KIND) => panic!("too early: {answer:?}"),
        () = accepted => {}
    }
    while ada.history(&hana).await.len() < 2 {
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(ada.history(&hana).await[0]["status"], "completed");
    assert_eq!(ada.ledger(&hana).await.len(), 1);
}

async fn two_messages_at_once_are_answered_one_at_a_time(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let answers =
        join_all(["Tell me a story.", "No, sing me a song."].map(|words| ada.say(&hana, words)))
            .await;
    let (answered, busy): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((answered.len(), busy.len()), (1, 1), "{answers:?}");
    let problem = busy[0].problem(409, "turn_in_progress");
    assert_eq!(problem["turn_id"], answered[0].ok()["turn_id"]);
    assert_eq!(busy[0].header("retry-after"), "1");
    assert_eq!(ada.history(&hana).await.len(), 2);
    assert_eq!(ada.ledger(&hana).await.len(), 1);
}

async fn the_model_is_told_who_she_is_and_what_was_said_before(world: World) {
    let server = world
        .server_with(&[("WAIFU__LLM__API_KEY", "sk-secret")])
        .await;
    let ada = server.user().await;
    let body = json!({"name": "Hana", "personality": {"description": "Keeps a small library."}});
    let hana = crate::support::chat::id_of(&ada.post("/waifus", &body).await.created());
    ada.say(&hana, "I have a cat.").await.ok();
    ada.say(&hana, "What do I have?").await.ok();

    let requests = server.model().requests();
    let request = requests.last().unwrap();
    assert_eq!(request.authorization.as_deref(), Some("Bearer sk-secret"));
    assert_eq!(
        (&request.body["model"], &request.body["stream"]),
        (&json!("mock-1"), &json!(true))
    );
    let messages = request.body["messages"].as_array().unwrap();
    assert_eq!(messages[0]["role"], "system");
    let told = messages[0]["content"].as_str().unwrap();
    assert!(
        told.contains("Hana") && told.contains("Keeps a small library."),
        "{told}"
    );
    let said: Vec<_> = messages
        .iter()
        .map(|message| (&message["role"], &message["content"]))
        .collect();
    let spoken = json!([
        ["user", "I have a cat."],
        ["assistant", "You said: I have a cat.."],
        ["user", "What do I have?"]
    ]);
    let tail: Vec<_> = said[said.len() - 3..]
        .iter()
        .map(|(role, content)| json!([role, content]))
        .collect();
    assert_eq!(json!(tail), spoken);
}
