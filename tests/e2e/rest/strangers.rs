//! Another user's private companion is not there, whichever door is tried.

use serde_json::{Value, json};

use crate::support::chat::id_of;
use crate::support::new_id;
use crate::support::rest::User;
use crate::support::socket::{Heard, Socket};
use crate::support::world::World;

scenarios! {
    everywhere: [
        another_users_private_companion_is_not_there_at_any_door,
        two_users_of_one_companion_share_nothing,
        a_companion_who_goes_private_stays_with_those_who_know_her,
    ],
}

/// What every door says of a companion who is not there, with her id taken out. `turn` and `occurrence` are hers.
async fn told_of(user: &User, waifu: &str, turn: &Value, occurrence: &str) -> Value {
    let path = format!("/waifus/{waifu}");
    let any = user.public_companion().await;
    let gift = json!({"gift_id": user.gift(&any, "wildflowers").await["id"]});
    let date = json!({"date_id": user.date(&any, "chess_in_the_park").await["id"]});
    let mut told = Vec::new();
    for answer in [
        user.get(&path).await,
        user.patch(&path, "\"1\"", &json!({"name": "Mine"})).await,
        user.delete(&path).await,
        user.say(waifu, "hello").await,
        user.get(&format!("{path}/messages")).await,
        user.get(&format!("{path}/relationship")).await,
        user.get(&format!("{path}/relationship/interactions")).await,
        user.get(&format!("{path}/relationship/history")).await,
        user.get(&format!("{path}/gifts")).await,
        user.post(&format!("{path}/gifts"), &gift).await,
        user.get(&format!("{path}/dates")).await,
        user.post(&format!("{path}/dates"), &date).await,
        user.get(&format!("{path}/events")).await,
        user.choose_in(waifu, occurrence, "ask").await,
        user.rewind(waifu, turn).await,
    ] {
        told.push(answer.problem(404, "not_found"));
    }
    for query in [
        "query($id: ID!) { waifu(id: $id) { id name } }",
        "query($id: ID!) { relationship(waifuId: $id) { level } }",
        "query($id: ID!) { messages(waifuId: $id) { edges { node { id } } } }",
        "query($id: ID!) { interactions(waifuId: $id) { edges { node { id } } } }",
        "query($id: ID!) { affectionHistory(waifuId: $id) { affection } }",
        "query($id: ID!) { gifts(waifuId: $id) { edges { node { id } } } }",
        "query($id: ID!) { dates(waifuId: $id) { edges { node { id } } } }",
        "query($id: ID!) { events(waifuId: $id) { edges { node { id } } } }",
    ] {
        let answer = user.graphql(query, &json!({"id": waifu})).await;
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "not_found",
            "{answer}"
        );
        told.push(answer);
    }
    let send = "mutation($id: ID!) { sendMessage(input: {waifuId: $id, text: \"hi\"}) { turn { id } errors { code } } }";
    let answer = user.graphql(send, &json!({"id": waifu})).await;
    let payload = json!({"turn": null, "errors": [{"code": "not_found"}]});
    assert_eq!(answer["data"]["sendMessage"], payload, "{answer}");

    let mut socket = Socket::of(user, waifu).await;
    assert_eq!(socket.hear().await, Heard::Closed(4404));
    Value::from(told)
}

async fn another_users_private_companion_is_not_there_at_any_door(world: World) {
    let server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let hana = ada.companion().await;
    let turn = ada.say(&hana, "hello").await.ok()["turn_id"].clone();
    let occurrence = id_of(&ada.event(&hana, "first_chat").await);
    let before = ada.everything_with(&hana).await;

    // Not even by a difference from one who never was.
    let of_hana = told_of(&bob, &hana, &turn, &occurrence).await;
    let of_nobody = told_of(&bob, &new_id(), &json!(new_id()), &new_id()).await;
    assert_eq!(of_hana, of_nobody);
    let listed = bob.pages("/waifus", 100).await;
    assert!(listed.iter().all(|waifu| id_of(waifu) != hana));
    assert_eq!(ada.everything_with(&hana).await, before);
}

async fn two_users_of_one_companion_share_nothing(world: World) {
    let server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let mina = ada.public_companion().await;
    let (mut bobs_socket, _) = Socket::ready(&bob, &mina).await;
    let answer = ada.say(&mina, "my secret is safe with you").await.ok();

    let nothing = bob.everything_with(&mina).await;
    assert_eq!(
        (&nothing["history"], &nothing["ledger"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(nothing["relationship"]["version"], 0);
    // Nor by naming the turn.
    bobs_socket
        .send(&json!({"type": "turn.sync", "turn_id": answer["turn_id"]}))
        .await;
    assert_eq!(bobs_socket.expect("error").await["code"], "not_found");
    // The client_message_id is hers alone too.
    let id = new_id();
    let adas = ada.say_as(&mina, &id, "hello").await.ok();
    let bobs = bob.say_as(&mina, &id, "good evening").await.ok();
    assert_ne!(adas["turn_id"], bobs["turn_id"]);
    assert_eq!(bobs["turn_no"], 1);
}

async fn a_companion_who_goes_private_stays_with_those_who_know_her(world: World) {
    let server = world.server().await;
    let (ada, bob, eve) = (
        server.user().await,
        server.user().await,
        server.user().await,
    );
    let mina = ada.public_companion().await;
    bob.say(&mina, "hello").await.ok();
    ada.patch(
        &format!("/waifus/{mina}"),
        "\"1\"",
        &json!({"visibility": "private"}),
    )
    .await
    .ok();
    bob.say(&mina, "still there?").await.ok();
    assert_eq!(bob.history(&mina).await.len(), 4);
    eve.say(&mina, "hello").await.problem(404, "not_found");
}
