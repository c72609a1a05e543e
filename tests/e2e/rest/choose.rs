//! The choice among her answers to the latest turn.

use serde_json::{Value, json};

use crate::support::chat::KIND;
use crate::support::new_id;
use crate::support::rest::{Answer, User, send};
use crate::support::socket::{Socket, place};
use crate::support::world::{Model, World};

scenarios! {
    everywhere: [
        what_is_chosen_is_her_answer,
        every_device_hears_what_is_chosen,
        only_among_answers_to_the_latest_turn_is_chosen,
        nobody_chooses_in_a_turn_that_is_not_his,
        a_choice_that_makes_no_sense_is_refused,
    ],
    with_a_scripted_model: [
        the_model_is_told_what_was_chosen,
    ],
}

async fn choose(user: &User, waifu: &str, turn: &Value, body: &Value) -> Answer {
    let turn = turn.as_str().expect("an id");
    let path = format!("/waifus/{waifu}/turns/{turn}/choice");
    send(user.request("PUT", &path).json(body)).await
}

async fn choose_run(user: &User, waifu: &str, turn: &Value, run: u32) -> Answer {
    choose(user, waifu, turn, &json!({"run": run})).await
}

/// Her latest answer, and what she says instead.
async fn another(user: &User, waifu: &str, turn: &Value) -> Value {
    let turn = turn.as_str().expect("an id");
    let path = format!("/waifus/{waifu}/turns/{turn}/regenerate");
    send(user.request("POST", &path)).await.ok()
}

async fn what_is_chosen_is_her_answer(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let first = ada.say(&hana, KIND).await.ok();
    let turn = &first["turn_id"];
    let answers = [
        &first,
        &another(&ada, &hana, turn).await,
        &another(&ada, &hana, turn).await,
    ];
    let before = (
        ada.ledger(&hana).await,
        ada.relationship(&hana).await["affection"].clone(),
    );
    for run in [1, 3, 2, 1] {
        let chosen = choose_run(&ada, &hana, turn, run).await.ok();
        let hers = &answers[run as usize - 1]["reply"];
        assert_eq!(chosen["message"]["id"], hers["id"]);
        let told = (&chosen["turn_id"], &chosen["turn_no"], &chosen["run"]);
        assert_eq!(told, (turn, &json!(1), &json!(run)));
        let history = ada.history(&hana).await;
        assert_eq!(history.len(), 2);
        assert_eq!(
            (&history[0]["id"], &history[0]["text"]),
            (&hers["id"], &hers["text"])
        );
        let candidates = history[0]["candidates"].as_array().unwrap();
        let flags: Vec<bool> = candidates
            .iter()
            .map(|candidate| candidate["chosen"].as_bool().unwrap())
            .collect();
        assert_eq!(flags, [run == 1, run == 2, run == 3]);
        // Once more is as good as once.
        let stored = ada.everything_with(&hana).await;
        let (_, ready) = Socket::ready(&ada, &hana).await;
        assert_eq!(choose_run(&ada, &hana, turn, run).await.ok(), chosen);
        assert_eq!(ada.everything_with(&hana).await, stored);
        assert_eq!(Socket::ready(&ada, &hana).await.1["seq"], ready["seq"]);
    }
    let after = (
        ada.ledger(&hana).await,
        ada.relationship(&hana).await["affection"].clone(),
    );
    assert_eq!(after, before);
}

async fn every_device_hears_what_is_chosen(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let first = ada.say(&hana, KIND).await.ok();
    another(&ada, &hana, &first["turn_id"]).await;
    let (mut phone, ready) = Socket::ready(&ada, &hana).await;
    let (mut laptop, _) = Socket::ready(&ada, &hana).await;
    let chosen = choose_run(&ada, &hana, &first["turn_id"], 1).await.ok();
    let frame = phone.expect("turn.chosen").await;
    let told = json!({
        "type": "turn.chosen", "seq": ready["seq"].as_u64().unwrap() + 1,
        "turn_id": first["turn_id"], "run": 1, "message": chosen["message"],
    });
    assert_eq!(frame, told);
    assert_eq!(laptop.expect("turn.chosen").await, frame);
    // And so does who comes back.
    let (mut tablet, _) = Socket::resuming(&ada, &hana, &place(&ready, None)).await;
    assert_eq!(tablet.expect("turn.chosen").await, frame);
}

async fn only_among_answers_to_the_latest_turn_is_chosen(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let first = ada.say(&hana, KIND).await.ok()["turn_id"].clone();
    another(&ada, &hana, &first).await;
    choose_run(&ada, &hana, &first, 3)
        .await
        .problem(404, "not_found");
    choose_run(&ada, &hana, &first, 0)
        .await
        .problem(404, "not_found");
    ada.say(&hana, KIND).await.ok();
    let stored = ada.everything_with(&hana).await;
    let late = choose_run(&ada, &hana, &first, 1).await;
    late.problem(409, "too_far_back");
    assert_eq!(ada.everything_with(&hana).await, stored);
    ada.delete(&format!("/waifus/{hana}")).await;
    let gone = choose_run(&ada, &hana, &first, 1).await;
    gone.problem(410, "companion_gone");
}

async fn nobody_chooses_in_a_turn_that_is_not_his(world: World) {
    let server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let (mina, yuki) = (ada.public_companion().await, ada.companion().await);
    let adas = ada.say(&mina, KIND).await.ok()["turn_id"].clone();
    another(&ada, &mina, &adas).await;
    ada.say(&yuki, KIND).await.ok();
    let before = ada.everything_with(&mina).await;
    choose_run(&bob, &mina, &adas, 1)
        .await
        .problem(404, "not_found");
    bob.say(&mina, KIND).await.ok();
    let problem = choose_run(&bob, &mina, &adas, 1)
        .await
        .problem(404, "not_found");
    let unknown = choose_run(&bob, &mina, &json!(new_id()), 1).await;
    assert_eq!(unknown.problem(404, "not_found"), problem);
    choose_run(&ada, &yuki, &adas, 1)
        .await
        .problem(404, "not_found");
    assert_eq!(ada.everything_with(&mina).await, before);
}

async fn a_choice_that_makes_no_sense_is_refused(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let turn = ada.say(&hana, KIND).await.ok()["turn_id"].clone();
    for body in [
        json!({}),
        json!({"run": "1"}),
        json!({"run": -1}),
        json!({"run": 1, "more": 1}),
    ] {
        choose(&ada, &hana, &turn, &body)
            .await
            .problem(422, "validation");
    }
}

async fn the_model_is_told_what_was_chosen(world: World) {
    assert_eq!(world.model, Model::Scripted);
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    for words in ["The first.", "The second.", "The third."] {
        server
            .model()
            .push(waifu_testkit::mock_llm::Speech::of(words).into());
    }
    let turn = ada.say(&hana, KIND).await.ok()["turn_id"].clone();
    another(&ada, &hana, &turn).await;
    another(&ada, &hana, &turn).await;
    choose_run(&ada, &hana, &turn, 2).await.ok();
    ada.say(&hana, "And then?").await.ok();
    let requests = server.model().requests();
    let told = requests.last().unwrap().body["messages"].to_string();
    assert!(told.contains("The second."), "{told}");
    assert!(
        !told.contains("The first.") && !told.contains("The third."),
        "{told}"
    );
    // And what she is asked to say in another way she is not told.
    let asked_again = requests[1].body["messages"].to_string();
    assert!(!asked_again.contains("The first."), "{asked_again}");
}
