//! Going back to before a turn.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::chat::{HOSTILE, KIND, change_of};
use crate::support::new_id;
use crate::support::rest::User;
use crate::support::socket::{Socket, seqs, types};
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_step_back_takes_back_what_was_said_and_what_it_moved,
        gifts_and_choices_stay_when_the_talk_around_them_goes,
        what_was_taken_back_makes_room_under_the_cap,
        a_second_step_back_to_the_same_turn_takes_back_nothing,
        a_step_back_under_a_key_is_one_step,
        every_device_hears_of_a_step_back,
        nobody_steps_back_while_she_speaks,
        a_turn_of_somebody_else_is_not_there,
        nothing_is_taken_back_with_somebody_who_is_gone,
    ],
}

/// What a step back restores: what was said, affection, level, and what follows from them.
async fn standing(user: &User, waifu: &str) -> Value {
    let mut relationship = user.relationship(waifu).await;
    let fields = relationship.as_object_mut().unwrap();
    fields.remove("version");
    fields.remove("last_interaction");
    // What has come up stays.
    fields.remove("pending_events");
    json!({"relationship": relationship, "history": user.history(waifu).await})
}

fn rows(done: &Value) -> Vec<Value> {
    done["interactions"].as_array().unwrap().clone()
}

async fn a_step_back_takes_back_what_was_said_and_what_it_moved(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    let before = standing(&ada, &hana).await;
    let ledger = ada.ledger(&hana).await;
    let second = ada.say(&hana, KIND).await.ok();
    // The level has risen, and with it the ledger went down again.
    assert_eq!(second["relationship"]["level"], 1);
    ada.say(&hana, HOSTILE).await.ok();
    ada.say(&hana, "I am going to the shop.").await.ok();
    let said = ada.ledger(&hana).await;

    let done = ada.rewind(&hana, &second["turn_id"]).await.ok();
    assert_eq!(standing(&ada, &hana).await, before);
    let reversals = rows(&done);
    assert_eq!(reversals.len(), 3, "{done}");
    // Newest first, and each takes back exactly one.
    for (reversal, taken_back) in reversals.iter().zip(&said) {
        assert_eq!(reversal["kind"], "reversal");
        let cause = json!({"type": "voided", "no": taken_back["no"]});
        assert_eq!(reversal["cause"], cause);
        assert_eq!(change_of(reversal), -change_of(taken_back));
    }
    assert_eq!(
        (&done["turn"], &done["reply"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(done["relationship"], ada.relationship(&hana).await);
    // Nothing is ever deleted from the ledger.
    let mut whole: Vec<_> = reversals.into_iter().rev().collect();
    whole.extend(said);
    assert_eq!(ada.ledger(&hana).await, whole);
    assert_eq!(whole[whole.len() - 1..], ledger);
    // And turns go on without a hole.
    assert_eq!(ada.say(&hana, KIND).await.ok()["turn_no"], 5);
}

async fn gifts_and_choices_stay_when_the_talk_around_them_goes(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let first = ada.say(&hana, KIND).await.ok();
    let gift = ada.give(&hana, "sea_glass").await.ok();
    let choice = ada.choose(&hana, "first_chat", "ask").await.ok();
    ada.say(&hana, KIND).await.ok();
    let done = ada.rewind(&hana, &first["turn_id"]).await.ok();
    let taken_back: Vec<_> = rows(&done)
        .iter()
        .map(|row| row["cause"]["no"].clone())
        .collect();
    assert_eq!(taken_back, [4, 1]);
    let relationship = ada.relationship(&hana).await;
    // The gift's 4 and the choice's 2.
    assert_eq!(
        (&relationship["affection"], &relationship["level"]),
        (&json!(6), &json!(1))
    );
    assert_eq!(relationship["keepsakes"], json!(["sea_glass"]));
    assert_eq!(ada.event(&hana, "first_chat").await["state"], "resolved");
    let history = ada.history(&hana).await;
    let turns: Vec<_> = history.iter().map(|said| &said["turn_id"]).collect();
    let stayed = [&choice["turn"]["turn_id"], &gift["turn"]["turn_id"]];
    assert_eq!(turns, stayed);
}

async fn what_was_taken_back_makes_room_under_the_cap(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let first = ada.say(&hana, "I love you").await.ok();
    let second = ada.say(&hana, "I love you").await.ok();
    assert_eq!(second["relationship"]["affection"], 8);
    ada.rewind(&hana, &first["turn_id"]).await.ok();
    assert_eq!(ada.relationship(&hana).await["affection"], 0);
    for _ in 0..2 {
        ada.say(&hana, "I love you").await.ok();
    }
    assert_eq!(ada.relationship(&hana).await["affection"], 8);
}

async fn a_second_step_back_to_the_same_turn_takes_back_nothing(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let turn = ada.say(&hana, KIND).await.ok()["turn_id"].clone();
    let first = ada.rewind(&hana, &turn).await.ok();
    assert_eq!(rows(&first).len(), 1);
    let stored = ada.everything_with(&hana).await;
    let second = ada.rewind(&hana, &turn).await.ok();
    assert_eq!(second["interactions"], json!([]));
    assert_eq!(ada.everything_with(&hana).await, stored);
}

async fn a_step_back_under_a_key_is_one_step(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let turn = ada.say(&hana, KIND).await.ok();
    let turn = turn["turn_id"].as_str().unwrap();
    let path = format!("/waifus/{hana}/turns/{turn}/rewind");
    let first = ada.post_under("back", &path, &Value::Null).await.ok();
    assert_eq!(rows(&first).len(), 1);
    ada.say(&hana, KIND).await.ok();
    let stored = ada.everything_with(&hana).await;
    // It does not reach what was said since.
    let again = ada.post_under("back", &path, &Value::Null).await.ok();
    assert_eq!(again["interactions"], first["interactions"]);
    assert_eq!(ada.everything_with(&hana).await, stored);
}

async fn every_device_hears_of_a_step_back(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let first = ada.say(&hana, KIND).await.ok();
    ada.say(&hana, KIND).await.ok();
    let (mut phone, ready) = Socket::ready(&ada, &hana).await;
    let (mut laptop, _) = Socket::ready(&ada, &hana).await;
    let done = ada.rewind(&hana, &first["turn_id"]).await.ok();

    let frames = phone.until("turn.voided").await;
    assert_eq!(laptop.until("turn.voided").await, frames);
    let kinds = [
        "relationship.updated",
        "relationship.updated",
        "turn.voided",
    ];
    assert_eq!(types(&frames), kinds);
    let seq = ready["seq"].as_u64().unwrap();
    assert_eq!(seqs(&frames), [seq + 1, seq + 2, seq + 3]);
    let updated: Vec<_> = frames[..2]
        .iter()
        .map(|frame| &frame["interaction"])
        .collect();
    assert_eq!(json!(updated), done["interactions"]);
    let voided = json!({
        "type": "turn.voided", "from_turn_no": 1, "to_turn_no": 2, "seq": seq + 3,
    });
    assert_eq!(frames[2], voided);
    let (_, ready) = Socket::ready(&ada, &hana).await;
    assert_eq!(ready["seq"], seq + 3);
}

async fn nobody_steps_back_while_she_speaks(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let talking = tokio::spawn({
        let (ada, hana) = (ada.clone(), hana.clone());
        async move { ada.say(&hana, KIND).await.ok() }
    });
    while ada.history(&hana).await.is_empty() {
        sleep(Duration::from_millis(20)).await;
    }
    let turn = ada.history(&hana).await[0]["turn_id"].clone();
    let problem = ada
        .rewind(&hana, &turn)
        .await
        .problem(409, "turn_in_progress");
    assert_eq!(problem["turn_id"], turn);
    assert_eq!(ada.history(&hana).await.len(), 1);

    assert_eq!(talking.await.unwrap()["turn_id"], turn);
    let done = ada.rewind(&hana, &turn).await.ok();
    assert_eq!(rows(&done).len(), 1);
    assert!(ada.history(&hana).await.is_empty());
}

async fn a_turn_of_somebody_else_is_not_there(world: World) {
    let server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let (mina, yuki) = (ada.public_companion().await, ada.companion().await);
    let adas = ada.say(&mina, KIND).await.ok()["turn_id"].clone();
    ada.say(&yuki, KIND).await.ok();
    let before = ada.everything_with(&mina).await;
    // He has not met her, and then he has.
    bob.rewind(&mina, &adas).await.problem(404, "not_found");
    bob.say(&mina, KIND).await.ok();
    let problem = bob.rewind(&mina, &adas).await.problem(404, "not_found");
    let unknown = bob.rewind(&mina, &json!(new_id())).await;
    assert_eq!(unknown.problem(404, "not_found"), problem);
    ada.rewind(&yuki, &adas).await.problem(404, "not_found");
    assert_eq!(ada.everything_with(&mina).await, before);
    assert_eq!(bob.history(&mina).await.len(), 2);
    assert_eq!(ada.history(&yuki).await.len(), 2);
}

async fn nothing_is_taken_back_with_somebody_who_is_gone(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let turn = ada.say(&hana, KIND).await.ok()["turn_id"].clone();
    ada.delete(&format!("/waifus/{hana}")).await;
    let before = ada.everything_with(&hana).await;
    ada.rewind(&hana, &turn)
        .await
        .problem(410, "companion_gone");
    assert_eq!(ada.everything_with(&hana).await, before);
}
