//! Stopping her, having her answer again, and choosing among her answers.

use serde_json::{Value, json};

use super::{in_graphql, nodes};
use crate::support::chat::KIND;
use crate::support::new_id;
use crate::support::rest::User;
use crate::support::socket::Socket;
use crate::support::world::World;

scenarios! {
    everywhere: [
        another_answer_can_be_asked_for_and_chosen_among,
        who_stops_her_keeps_her_words_so_far,
        what_is_refused_has_the_code_of_every_door,
    ],
}

const ANSWER: &str = "turn { id turnNo run kind status } reply { id text }
    relationship { affection version } errors { code message }";
const CHOSEN: &str =
    "run message { id turnId turnNo role text status createdAt } errors { code message }";

async fn change(user: &User, mutation: &str, input: &Value, fields: &str) -> Value {
    let (first, rest) = mutation.split_at(1);
    let kind = format!("{}{rest}Input", first.to_uppercase());
    let document =
        format!("mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {fields} }} }}");
    let answer = user.graphql(&document, &json!({"input": input})).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    answer["data"][mutation].clone()
}

async fn messages(user: &User, waifu: &str) -> Value {
    let query = "query($id: ID!) { messages(waifuId: $id) { edges { node {
        id turnId turnNo role text status candidates { run id chosen } createdAt } } } }";
    let answer = user.graphql(query, &json!({"id": waifu})).await;
    Value::from(nodes(&answer["data"]["messages"]))
}

async fn another_answer_can_be_asked_for_and_chosen_among(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let first = ada.say(&hana, KIND).await.ok();
    let turn = &first["turn_id"];
    let input = json!({"waifuId": hana, "turnId": turn});
    let again = change(&ada, "regenerate", &input, ANSWER).await;
    assert_eq!(again["errors"], json!([]), "{again}");
    assert_eq!(
        again["turn"],
        json!({"id": turn, "turnNo": 1, "run": 2, "kind": "CHAT", "status": "COMPLETED"})
    );
    assert_ne!(again["reply"]["id"], first["reply"]["id"]);
    let history = ada.history(&hana).await;
    assert_eq!(history[0]["id"], again["reply"]["id"]);
    // It moves nothing more.
    let standing = &again["relationship"];
    assert_eq!(standing["affection"], first["relationship"]["affection"]);

    let told = messages(&ada, &hana).await;
    assert_eq!(told, in_graphql(&Value::from(history), &told));
    let candidates = |chosen: u32| {
        json!([
            {"run": 1, "id": first["reply"]["id"], "chosen": chosen == 1},
            {"run": 2, "id": again["reply"]["id"], "chosen": chosen == 2},
        ])
    };
    assert_eq!(told[0]["candidates"], candidates(2));
    assert_eq!(told[1]["candidates"], json!([]));

    let input = json!({"waifuId": hana, "turnId": turn, "run": 1});
    for _ in 0..2 {
        let chosen = change(&ada, "chooseAnswer", &input, CHOSEN).await;
        assert_eq!(
            (&chosen["run"], &chosen["errors"]),
            (&json!(1), &json!([])),
            "{chosen}"
        );
        let history = ada.history(&hana).await;
        assert_eq!(
            chosen["message"],
            in_graphql(&history[0], &chosen["message"])
        );
        assert_eq!(chosen["message"]["id"], first["reply"]["id"]);
    }
    assert_eq!(messages(&ada, &hana).await[0]["candidates"], candidates(1));
    assert_eq!(ada.ledger(&hana).await.len(), 1);
}

async fn who_stops_her_keeps_her_words_so_far(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    socket.say(KIND).await;
    let started = socket.until("turn.delta").await;
    let input = json!({"waifuId": hana, "turnId": started[0]["turn_id"]});
    let stopped = change(&ada, "cancelTurn", &input, ANSWER).await;
    assert_eq!(stopped["errors"], json!([]), "{stopped}");
    assert_eq!(stopped["turn"]["status"], "CANCELLED");
    let done = socket.until("turn.done").await;
    let message = &done.last().unwrap()["message"];
    assert_eq!(
        (&stopped["reply"]["id"], &stopped["reply"]["text"]),
        (&message["id"], &message["text"])
    );
    // Of what is over nothing changes.
    assert_eq!(change(&ada, "cancelTurn", &input, ANSWER).await, stopped);
}

async fn what_is_refused_has_the_code_of_every_door(world: World) {
    let server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let hana = ada.public_companion().await;
    let before = ada.say(&hana, KIND).await.ok()["turn_id"].clone();
    let latest = ada.say(&hana, KIND).await.ok()["turn_id"].clone();
    let stored = ada.everything_with(&hana).await;
    for (user, mutation, turn, run, code) in [
        (&ada, "regenerate", &before, None, "too_far_back"),
        (&ada, "regenerate", &json!(new_id()), None, "not_found"),
        (&ada, "regenerate", &json!("1"), None, "validation"),
        (&bob, "regenerate", &latest, None, "not_found"),
        (&ada, "chooseAnswer", &before, Some(1), "too_far_back"),
        (&ada, "chooseAnswer", &latest, Some(2), "not_found"),
        (&ada, "chooseAnswer", &latest, Some(-1), "validation"),
        (&bob, "chooseAnswer", &latest, Some(1), "not_found"),
        (&ada, "cancelTurn", &json!(new_id()), None, "not_found"),
        (&ada, "cancelTurn", &json!("1"), None, "validation"),
        (&bob, "cancelTurn", &latest, None, "not_found"),
    ] {
        let mut input = json!({"waifuId": hana, "turnId": turn});
        if let Some(run) = run {
            input["run"] = json!(run);
        }
        let payload = change(user, mutation, &input, "errors { code }").await;
        assert_eq!(
            payload["errors"],
            json!([{"code": code}]),
            "{mutation} {input}"
        );
    }
    assert_eq!(ada.everything_with(&hana).await, stored);
}
