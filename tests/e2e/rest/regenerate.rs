//! Another answer to the latest turn.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;
use waifu_testkit::mock_llm;

use crate::support::chat::KIND;
use crate::support::new_id;
use crate::support::rest::{Answer, User, send};
use crate::support::socket::{Socket, durable_types, seqs, words_from};
use crate::support::world::World;

scenarios! {
    everywhere: [
        another_answer_is_hers_and_moves_nothing_more,
        every_device_hears_another_answer,
        only_the_latest_turn_is_answered_again,
        nobody_has_a_turn_answered_that_is_not_his,
        nothing_is_answered_again_by_somebody_who_is_gone,
        her_words_about_a_gift_are_found_again_too,
    ],
    with_a_scripted_model: [
        a_turn_that_failed_is_tried_again,
        an_answer_that_fails_leaves_the_one_before,
    ],
}

async fn regenerate(user: &User, waifu: &str, turn: &Value) -> Answer {
    let turn = turn.as_str().expect("an id");
    let path = format!("/waifus/{waifu}/turns/{turn}/regenerate");
    send(user.request("POST", &path)).await
}

async fn another_answer_is_hers_and_moves_nothing_more(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let first = ada.say(&hana, KIND).await.ok();
    let ledger = ada.ledger(&hana).await;
    let relationship = ada.relationship(&hana).await;
    let events = ada.events(&hana).await;
    for run in 2..=3 {
        let again = regenerate(&ada, &hana, &first["turn_id"]).await.ok();
        assert_eq!(
            (&again["turn_id"], &again["run"]),
            (&first["turn_id"], &json!(run))
        );
        assert_eq!(
            (&again["status"], &again["turn_no"]),
            (&json!("completed"), &json!(1))
        );
        assert_eq!(again["message"], first["message"]);
        assert_ne!(again["reply"]["id"], first["reply"]["id"]);
        assert_eq!(again["interactions"], first["interactions"]);
        let history = ada.history(&hana).await;
        assert_eq!(history.len(), 2);
        assert_eq!(history[0]["id"], again["reply"]["id"]);
        let candidates = history[0]["candidates"].as_array().unwrap();
        assert_eq!(candidates.len(), run);
        for (no, candidate) in (1..).zip(candidates) {
            let told = (&candidate["run"], &candidate["chosen"]);
            assert_eq!(told, (&json!(no), &json!(no == run)));
        }
        assert_eq!(candidates[0]["id"], first["reply"]["id"]);
    }
    assert_eq!(ada.ledger(&hana).await, ledger);
    assert_eq!(ada.events(&hana).await, events);
    let now = ada.relationship(&hana).await;
    for field in ["affection", "level", "stage"] {
        assert_eq!(now[field], relationship[field], "{field}");
    }
    // The same message sent again is answered by what is her answer now.
    let next = ada.say(&hana, KIND).await.ok();
    assert_eq!(next["turn_no"], 2);
    assert_eq!(ada.ledger(&hana).await.len(), 2);
}

async fn every_device_hears_another_answer(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let first = ada.say(&hana, KIND).await.ok();
    let (mut phone, _) = Socket::ready(&ada, &hana).await;
    let (mut laptop, ready) = Socket::ready(&ada, &hana).await;
    let (again, frames) = tokio::join!(
        regenerate(&ada, &hana, &first["turn_id"]),
        phone.until("turn.done")
    );
    let again = again.ok();
    assert_eq!(durable_types(&frames), ["turn.started", "turn.done"]);
    let seq = ready["seq"].as_u64().unwrap();
    assert_eq!(seqs(&frames), [seq + 1, seq + 2]);
    for frame in &frames {
        let run = (&frame["turn_id"], &frame["run"]);
        assert_eq!(run, (&first["turn_id"], &json!(2)), "{frame}");
    }
    let done = &frames[frames.len() - 1];
    assert_eq!(done["message"]["id"], again["reply"]["id"]);
    assert_eq!(done["message"]["text"], words_from(0, &frames).as_str());
    let on_laptop = laptop.until("turn.done").await;
    assert_eq!(on_laptop.last(), frames.last());
    assert_eq!(words_from(0, &on_laptop), words_from(0, &frames));
}

async fn only_the_latest_turn_is_answered_again(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let first = ada.say(&hana, KIND).await.ok()["turn_id"].clone();
    let (second, ()) = tokio::join!(ada.say(&hana, KIND), async {
        while ada.history(&hana).await.len() < 3 {
            sleep(Duration::from_millis(20)).await;
        }
        let second = ada.history(&hana).await[0]["turn_id"].clone();
        for turn in [&first, &second] {
            let busy = regenerate(&ada, &hana, turn).await;
            assert_eq!(busy.problem(409, "turn_in_progress")["turn_id"], second);
        }
    });
    let second = second.ok()["turn_id"].clone();
    let stored = ada.everything_with(&hana).await;
    regenerate(&ada, &hana, &first)
        .await
        .problem(409, "too_far_back");
    assert_eq!(ada.everything_with(&hana).await, stored);
    let (again, ()) = tokio::join!(regenerate(&ada, &hana, &second), async {
        sleep(Duration::from_millis(500)).await;
        let busy = ada.say(&hana, KIND).await;
        assert_eq!(busy.problem(409, "turn_in_progress")["turn_id"], second);
        let busy = regenerate(&ada, &hana, &second).await;
        busy.problem(409, "turn_in_progress");
    });
    assert_eq!(again.ok()["run"], 2);
}

async fn nobody_has_a_turn_answered_that_is_not_his(world: World) {
    let server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let (mina, yuki) = (ada.public_companion().await, ada.companion().await);
    let adas = ada.say(&mina, KIND).await.ok()["turn_id"].clone();
    ada.say(&yuki, KIND).await.ok();
    let before = ada.everything_with(&mina).await;
    // He has not met her, and then he has.
    regenerate(&bob, &mina, &adas)
        .await
        .problem(404, "not_found");
    bob.say(&mina, KIND).await.ok();
    let problem = regenerate(&bob, &mina, &adas)
        .await
        .problem(404, "not_found");
    let unknown = regenerate(&bob, &mina, &json!(new_id())).await;
    assert_eq!(unknown.problem(404, "not_found"), problem);
    regenerate(&ada, &yuki, &adas)
        .await
        .problem(404, "not_found");
    assert_eq!(ada.everything_with(&mina).await, before);
    assert_eq!(bob.history(&mina).await.len(), 2);
}

async fn nothing_is_answered_again_by_somebody_who_is_gone(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let turn = ada.say(&hana, KIND).await.ok()["turn_id"].clone();
    ada.delete(&format!("/waifus/{hana}")).await;
    regenerate(&ada, &hana, &turn)
        .await
        .problem(410, "companion_gone");
}

async fn her_words_about_a_gift_are_found_again_too(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let given = ada.give(&hana, "sea_glass").await.ok();
    let ledger = ada.ledger(&hana).await;
    let again = regenerate(&ada, &hana, &given["turn"]["turn_id"])
        .await
        .ok();
    assert_eq!(
        (&again["run"], &again["message"]),
        (&json!(2), &Value::Null)
    );
    let history = ada.history(&hana).await;
    assert_eq!(history.len(), 1);
    assert_eq!(history[0]["id"], again["reply"]["id"]);
    assert_eq!(history[0]["candidates"].as_array().unwrap().len(), 2);
    assert_eq!(ada.ledger(&hana).await, ledger);
}

async fn a_turn_that_failed_is_tried_again(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    server
        .model()
        .set_default(mock_llm::Answer::status(400, "{}"));
    let failed = ada.say(&hana, KIND).await.problem(502, "provider_failed");
    let turn = &failed["turn_id"];
    assert_eq!(ada.history(&hana).await.len(), 1);
    regenerate(&ada, &hana, turn)
        .await
        .problem(502, "provider_failed");
    assert!(ada.ledger(&hana).await.is_empty());

    server.model().set_default(mock_llm::Answer::echo());
    let again = regenerate(&ada, &hana, turn).await.ok();
    assert_eq!(
        (&again["run"], &again["status"]),
        (&json!(3), &json!("completed"))
    );
    assert_eq!(json!(ada.ledger(&hana).await), again["interactions"]);
    assert_eq!(ada.ledger(&hana).await.len(), 1);
    let history = ada.history(&hana).await;
    assert_eq!(history[0]["id"], again["reply"]["id"]);
    // Runs that said nothing are no answers to choose among.
    assert_eq!(history[0].get("candidates"), None);
}

async fn an_answer_that_fails_leaves_the_one_before(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let first = ada.say(&hana, KIND).await.ok();
    let stored = ada.everything_with(&hana).await;
    server
        .model()
        .set_default(mock_llm::Answer::status(400, "{}"));
    let failed = regenerate(&ada, &hana, &first["turn_id"]).await;
    assert_eq!(
        failed.problem(502, "provider_failed")["turn_id"],
        first["turn_id"]
    );
    assert_eq!(
        ada.history(&hana).await,
        stored["history"].as_array().unwrap().clone()
    );
    assert_eq!(json!(ada.ledger(&hana).await), stored["ledger"]);
}
