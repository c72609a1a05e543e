//! Talking and reading.

use serde_json::{Value, json};

use super::nodes;
use crate::support::chat::{KIND, id_of};
use crate::support::new_id;
use crate::support::rest::send;
use crate::support::world::{Model, World};

scenarios! {
    everywhere: [
        what_is_asked_by_graphql_is_what_rest_tells,
        pages_go_on_from_their_end,
        a_message_by_graphql_is_answered_and_kept_once,
        what_is_wrong_has_the_same_code_as_at_every_door,
        only_a_post_by_somebody_is_taken,
    ],
}

const SEND: &str = "mutation($input: SendMessageInput!) { sendMessage(input: $input) {
    turn { id turnNo status } reply { id text } relationship { level affection } errors { code message } } }";

async fn what_is_asked_by_graphql_is_what_rest_tells(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    let query = "query($id: ID!) {
        me { id username displayName }
        waifu(id: $id) { id name }
        relationship(waifuId: $id) { level affection stage mood }
        messages(waifuId: $id) { edges { node { id role text } } }
    }";
    let answer = ada.graphql(query, &json!({"id": hana})).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    let data = &answer["data"];
    assert_eq!(
        data["me"],
        json!({"id": ada.id, "username": ada.name, "displayName": ada.name})
    );
    assert_eq!(data["waifu"], json!({"id": hana, "name": "Hana"}));
    let told = ada.relationship(&hana).await;
    for (field, value) in data["relationship"].as_object().unwrap() {
        let lower = value
            .as_str()
            .map_or(value.clone(), |name| json!(name.to_lowercase()));
        assert_eq!(lower, told[field], "{field}");
    }
    let messages: Vec<Value> = nodes(&data["messages"]);
    let history = ada.history(&hana).await;
    assert_eq!(messages.len(), 2);
    for (message, told) in messages.iter().zip(&history) {
        assert_eq!(
            (&message["id"], &message["text"]),
            (&told["id"], &told["text"])
        );
        assert_eq!(
            message["role"],
            told["role"].as_str().unwrap().to_uppercase()
        );
    }
}

async fn pages_go_on_from_their_end(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    for _ in 0..3 {
        ada.companion().await;
    }
    let query = "query($first: Int, $after: String) { waifus(first: $first, after: $after) {
        edges { cursor node { id name } } pageInfo { hasNextPage endCursor } } }";
    let mut found = Vec::new();
    let mut after = Value::Null;
    loop {
        let answer = ada
            .graphql(query, &json!({"first": 2, "after": after}))
            .await;
        let page = &answer["data"]["waifus"];
        let edges = page["edges"]
            .as_array()
            .unwrap_or_else(|| panic!("{answer}"));
        assert!(edges.len() <= 2);
        assert_eq!(
            page["pageInfo"]["endCursor"],
            edges.last().unwrap()["cursor"]
        );
        found.extend(nodes(page).iter().map(id_of));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let by_rest: Vec<String> = ada.pages("/waifus", 100).await.iter().map(id_of).collect();
    assert_eq!(found, by_rest);
    for variables in [
        json!({"first": 0}),
        json!({"first": 101}),
        json!({"first": -1}),
        json!({"after": "x"}),
    ] {
        let answer = ada.graphql(query, &variables).await;
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "validation",
            "{answer}"
        );
    }
}

async fn a_message_by_graphql_is_answered_and_kept_once(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let id = new_id();
    let input = json!({"input": {"waifuId": hana, "text": KIND, "clientMessageId": id}});
    let answer = ada.graphql(SEND, &input).await;
    let payload = &answer["data"]["sendMessage"];
    assert_eq!(payload["errors"], json!([]), "{answer}");
    assert_eq!(
        (&payload["turn"]["turnNo"], &payload["turn"]["status"]),
        (&json!(1), &json!("COMPLETED"))
    );
    let history = ada.history(&hana).await;
    assert_eq!(
        (&payload["reply"]["id"], &payload["reply"]["text"]),
        (&history[0]["id"], &history[0]["text"])
    );
    assert!(
        payload["relationship"]["affection"].as_i64().unwrap() > 0,
        "{answer}"
    );

    assert_eq!(ada.graphql(SEND, &input).await, answer);
    // The same message at another door is the same turn.
    assert_eq!(
        ada.say_as(&hana, &id, KIND).await.ok()["turn_id"],
        payload["turn"]["id"]
    );
    assert_eq!(ada.history(&hana).await, history);
    assert_eq!(ada.ledger(&hana).await.len(), 1);

    let without_id = json!({"input": {"waifuId": hana, "text": "and another"}});
    assert_eq!(
        ada.graphql(SEND, &without_id).await["data"]["sendMessage"]["turn"]["turnNo"],
        2
    );
}

async fn what_is_wrong_has_the_same_code_as_at_every_door(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let id = new_id();
    ada.say_as(&hana, &id, KIND).await.ok();
    let before = ada.everything_with(&hana).await;
    for (input, code) in [
        (json!({"waifuId": hana, "text": ""}), "validation"),
        (
            json!({"waifuId": hana, "text": "é".repeat(8_001)}),
            "validation",
        ),
        (json!({"waifuId": "hana", "text": "hi"}), "validation"),
        (
            json!({"waifuId": hana, "text": "hi", "clientMessageId": "1"}),
            "validation",
        ),
        (json!({"waifuId": new_id(), "text": "hi"}), "not_found"),
        (
            json!({"waifuId": hana, "text": "other words", "clientMessageId": id}),
            "idempotency_mismatch",
        ),
    ] {
        let answer = ada.graphql(SEND, &json!({"input": input})).await;
        let payload = &answer["data"]["sendMessage"];
        assert_eq!(payload["errors"][0]["code"], code, "{input}: {answer}");
        assert_eq!(
            (&payload["turn"], &payload["reply"]),
            (&Value::Null, &Value::Null),
            "{input}"
        );
        assert_eq!(ada.everything_with(&hana).await, before, "{input}");
    }
    if world.model == Model::Scripted {
        server
            .model()
            .set_default(waifu_testkit::mock_llm::Answer::status(500, "{}"));
        let answer = ada
            .graphql(SEND, &json!({"input": {"waifuId": hana, "text": KIND}}))
            .await;
        let payload = &answer["data"]["sendMessage"];
        assert_eq!(payload["errors"][0]["code"], "provider_failed", "{answer}");
        assert_eq!(
            (&payload["turn"]["status"], &payload["reply"]),
            (&json!("FAILED"), &Value::Null),
            "{answer}"
        );
    }
    ada.delete(&format!("/waifus/{hana}")).await;
    let answer = ada
        .graphql(SEND, &json!({"input": {"waifuId": hana, "text": "hello?"}}))
        .await;
    assert_eq!(
        answer["data"]["sendMessage"]["errors"][0]["code"], "companion_gone",
        "{answer}"
    );
    let answer = ada
        .graphql(
            "query($id: ID!) { waifu(id: $id) { id } }",
            &json!({"id": hana}),
        )
        .await;
    assert_eq!(
        answer["errors"][0]["extensions"]["code"], "companion_gone",
        "{answer}"
    );
}

async fn only_a_post_by_somebody_is_taken(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let mutation =
        format!("mutation{{sendMessage(input:{{waifuId:\"{hana}\",text:\"hi\"}}){{turn{{id}}}}}}");
    let encoded = mutation
        .replace('{', "%7B")
        .replace('}', "%7D")
        .replace('"', "%22");
    let by_get = ada.request("GET", &format!("/graphql?query={encoded}"));
    let by_get = send(by_get).await;
    by_get.problem(405, "method_not_allowed");
    assert_eq!(by_get.header("allow"), "POST");
    let by_nobody = server
        .door
        .post("/graphql", &json!({"query": mutation}))
        .await;
    by_nobody.problem(401, "unauthenticated");
    let as_text = ada
        .request("POST", "/graphql")
        .header("Content-Type", "text/plain");
    send(as_text.body(json!({"query": mutation}).to_string()))
        .await
        .problem(415, "unsupported_media");
    assert!(ada.history(&hana).await.is_empty());

    // Nor one that asks for more than anybody needs.
    let deep = format!(
        "query{{__schema{{types{{{}name{}}}}}}}",
        "fields{type{".repeat(20),
        "}}".repeat(20)
    );
    let answer = ada.post("/graphql", &json!({"query": deep})).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    let fields: Vec<String> = (0..600).map(|no| format!("a{no}:me{{id}}")).collect();
    let wide = format!("query{{{}}}", fields.join(" "));
    assert_eq!(
        ada.post("/graphql", &json!({"query": wide})).await.status,
        400
    );
}
