//! What is done at another door, as sockets hear it; and what opening one brings up.

use serde_json::{Value, json};

use crate::support::chat::KIND;
use crate::support::rest::User;
use crate::support::shape::shape;
use crate::support::socket::{Socket, durable, durable_types, seqs, types, words_from};
use crate::support::world::{Model, World};

scenarios! {
    everywhere: [
        a_gift_is_heard_frame_by_frame,
        a_choice_is_heard_on_every_device,
        a_message_while_she_speaks_about_a_gift_is_told_which_turn_is_in_its_way,
        an_adjustment_is_heard_without_its_operator,
        whoever_opens_a_socket_opens_what_is_due,
    ],
}

async fn a_gift_is_heard_frame_by_frame(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, ready) = Socket::ready(&ada, &hana).await;
    assert_eq!(ready["seq"], 0);
    let (given, frames) = tokio::join!(ada.give(&hana, "sea_glass"), socket.until("turn.done"));
    let given = given.ok();
    let kinds = types(&frames);
    let act = ["relationship.updated", "event.opened", "turn.started"];
    assert_eq!(kinds[..3], act);
    let deltas = &kinds[3..kinds.len() - 1];
    assert!(deltas.len() > 2, "few deltas: {kinds:?}");
    assert!(deltas.iter().all(|kind| *kind == "turn.delta"), "{kinds:?}");
    assert_eq!(seqs(&frames), [1, 2, 3, 4]);
    if world.model == Model::Scripted {
        let shapes: Vec<_> = durable(&frames).iter().map(shape).collect();
        insta::assert_json_snapshot!("gift_frames", shapes);
    }

    assert_eq!(json!([frames[0]["interaction"]]), given["interactions"]);
    let first_gift = ada.event(&hana, "first_gift").await;
    assert_eq!(frames[1]["occurrence"], first_gift);
    let started = &frames[2];
    assert_eq!(started["kind"], "gift");
    let cause = json!({"type": "gift", "gift": "sea_glass"});
    assert_eq!(started["cause"], cause);
    for field in ["turn_id", "turn_no"] {
        assert_eq!(started[field], given["turn"][field]);
    }
    let done = &frames[frames.len() - 1];
    assert_eq!(done["message"], ada.history(&hana).await[0]);
    assert_eq!(done["message"]["id"], given["reply"]["id"]);
    let words = words_from(0, &frames);
    assert_eq!(done["message"]["text"], words.as_str());
    let (_, ready) = Socket::ready(&ada, &hana).await;
    assert_eq!(ready["seq"], 4);
}

async fn a_choice_is_heard_on_every_device(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    let (mut phone, _) = Socket::ready(&ada, &hana).await;
    let (mut laptop, ready) = Socket::ready(&ada, &hana).await;
    ada.choose(&hana, "first_chat", "stay").await.ok();
    let frames = phone.until("turn.done").await;
    assert_eq!(durable(&laptop.until("turn.done").await), durable(&frames));
    let kinds = [
        "relationship.updated",
        "event.resolved",
        "turn.started",
        "turn.done",
    ];
    assert_eq!(durable_types(&frames), kinds);
    let seq = ready["seq"].as_u64().unwrap();
    assert_eq!(seqs(&frames), [seq + 1, seq + 2, seq + 3, seq + 4]);
    let resolved = ada.event(&hana, "first_chat").await;
    assert_eq!(resolved["state"], "resolved");
    assert_eq!(frames[1]["occurrence"], resolved);
    assert_eq!(frames[2]["kind"], "event");
    assert_eq!(frames[2]["cause"], ada.ledger(&hana).await[0]["cause"]);
}

async fn a_message_while_she_speaks_about_a_gift_is_told_which_turn_is_in_its_way(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    let giving = tokio::spawn({
        let (ada, hana) = (ada.clone(), hana.clone());
        async move { ada.give(&hana, "wildflowers").await.ok() }
    });
    let frames = socket.until("turn.delta").await;
    let turn = &frames[frames.len() - 1]["turn_id"];
    let problem = ada.say(&hana, KIND).await.problem(409, "turn_in_progress");
    assert_eq!(problem["turn_id"], *turn);
    // Who comes now sees her speak.
    let (_, ready) = Socket::ready(&ada, &hana).await;
    assert_eq!(ready["active"]["turn_id"], *turn);
    assert_eq!(giving.await.unwrap()["turn"]["turn_id"], *turn);
    ada.say(&hana, KIND).await.ok();
}

async fn an_adjustment_is_heard_without_its_operator(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    let (mut socket, ready) = Socket::ready(&ada, &hana).await;
    operator.adjust(&ada, &hana, 10).await.ok();
    let frames = socket.until("event.opened").await;
    assert_eq!(types(&frames), ["relationship.updated", "event.opened"]);
    assert_eq!(frames[0]["interaction"], ada.ledger(&hana).await[0]);
    assert_eq!(frames[1]["occurrence"]["event"], "becoming_acquainted");
    let seq = ready["seq"].as_u64().unwrap();
    assert_eq!(seqs(&frames), [seq + 1, seq + 2]);
    assert!(!json!(frames).to_string().contains(&operator.id));
}

fn is_due(standing: &Value) -> bool {
    let pending = standing["pending_events"].as_array().unwrap();
    pending.contains(&json!("your_birthday"))
}

async fn birthday_is_today(user: &User) {
    let born = format!("2000-{}", user.today().await);
    user.change_profile(&json!({"birthday": born})).await.ok();
}

async fn whoever_opens_a_socket_opens_what_is_due(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let (hana, yuki) = (ada.companion().await, ada.companion().await);
    for _ in 0..2 {
        ada.say(&hana, KIND).await.ok();
    }
    ada.say(&yuki, KIND).await.ok();
    let (mut phone, ready) = Socket::ready(&ada, &hana).await;
    assert!(!is_due(&ready["relationship"]), "{ready}");
    birthday_is_today(&ada).await;
    // Reading writes nothing.
    assert!(!is_due(&ada.relationship(&hana).await));
    let seq = ready["seq"].as_u64().unwrap();

    let (_, ready) = Socket::ready(&ada, &hana).await;
    assert!(is_due(&ready["relationship"]), "{ready}");
    assert_eq!(ready["seq"], seq + 1);
    assert_eq!(ready["relationship"], ada.relationship(&hana).await);
    let opened = phone.expect("event.opened").await;
    assert_eq!(opened["seq"], seq + 1);
    let event = ada.event(&hana, "your_birthday").await;
    assert_eq!(opened["occurrence"], event);
    // Opening moves nothing else, and does not open it again.
    assert_eq!(ada.ledger(&hana).await.len(), 2);
    let (_, again) = Socket::ready(&ada, &hana).await;
    assert_eq!(again["seq"], seq + 1);
    // She who is below the level of the event has none.
    let (_, ready) = Socket::ready(&ada, &yuki).await;
    assert!(!is_due(&ready["relationship"]), "{ready}");
}
