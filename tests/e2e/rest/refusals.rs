//! What can't be understood is refused, and leaves no trace.

use serde_json::{Value, json};

use crate::support::chat::KIND;
use crate::support::new_id;
use crate::support::rest::send;
use crate::support::shape::shape;
use crate::support::world::World;

scenarios! {
    everywhere: [
        what_cannot_be_understood_is_refused_and_leaves_no_trace,
        what_a_path_or_a_query_names_must_make_sense,
        a_message_may_have_8000_characters_however_many_bytes_they_take,
        a_path_that_leads_nowhere_is_a_problem_like_any_other,
    ],
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// A message to her, with other fields or others in their place.
fn message(waifu: &str, changes: &Value) -> String {
    let mut body = json!({"waifu_id": waifu, "message": "hello"});
    let fields = body.as_object_mut().unwrap();
    fields.extend(changes.as_object().unwrap().clone());
    body.to_string()
}

/// Bodies that can be read and make no sense; and what is told of the place.
fn senseless(hana: &str) -> Vec<(String, &'static str)> {
    let changed = |changes: Value| message(hana, &changes);
    let twice = format!("{{\"waifu_id\":\"{hana}\",\"message\":\"a\",\"message\":\"b\"}}");
    vec![
        ("[]".to_owned(), ""),
        ("7".to_owned(), ""),
        (twice, "message"),
        (changed(json!({"mesage": "x"})), "mesage"),
        (json!({"waifu_id": hana}).to_string(), "message"),
        (json!({"message": "hello"}).to_string(), "waifu_id"),
        (changed(json!({"message": 7})), "/message"),
        (changed(json!({"message": null})), "/message"),
        (changed(json!({"message": ""})), "/message"),
        (changed(json!({"message": " \n\t"})), "/message"),
        (changed(json!({"message": "a\u{0}b"})), "/message"),
        (changed(json!({"message": "é".repeat(8_001)})), "/message"),
        (changed(json!({"waifu_id": "hana"})), "/waifu_id"),
        (
            changed(json!({"client_message_id": "1"})),
            "/client_message_id",
        ),
        (changed(json!({"conversation_id": "1"})), "/conversation_id"),
    ]
}

async fn what_cannot_be_understood_is_refused_and_leaves_no_trace(world: World) {
    let server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let (hana, foreign) = (ada.companion().await, bob.companion().await);
    ada.say(&hana, KIND).await.ok();
    let before = ada.everything_with(&hana).await;

    let plain = message(&hana, &json!({}));
    let huge = message(&hana, &json!({"message": "a".repeat(10 * 1024 * 1024)}));
    let nowhere = message(&hana, &json!({"conversation_id": new_id()}));
    let mut table = vec![
        (JSON, String::new(), (400, "malformed_json"), ""),
        (
            JSON,
            "{\"waifu_id\":".to_owned(),
            (400, "malformed_json"),
            "",
        ),
        (JSON, plain.repeat(2), (400, "malformed_json"), ""),
        (
            JSON,
            plain.replace("hello", "\\ud800"),
            (400, "malformed_json"),
            "",
        ),
        (JSON, message(&new_id(), &json!({})), (404, "not_found"), ""),
        (JSON, message(&foreign, &json!({})), (404, "not_found"), ""),
        (JSON, nowhere, (404, "not_found"), ""),
        (JSON, huge, (413, "too_large"), ""),
        ("text/plain", plain, (415, "unsupported_media"), ""),
        (
            FORM,
            "message=hello".to_owned(),
            (415, "unsupported_media"),
            "",
        ),
    ];
    let invalid = |(body, told)| (JSON, body, (422, "validation"), told);
    table.extend(senseless(&hana).into_iter().map(invalid));
    for (media, body, (status, code), told) in table {
        let what = body[..body.floor_char_boundary(160)].to_owned();
        let request = ada.request("POST", "/waifus/chat");
        let answer = send(request.header("Content-Type", media).body(body)).await;
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        let problem = answer.problem(status, code);
        assert!(
            problem["errors"].to_string().contains(told),
            "{what}: {problem}"
        );
        assert_eq!(ada.everything_with(&hana).await, before, "{what}");
    }
    let problem = ada.say(&hana, "").await.problem(422, "validation");
    insta::assert_json_snapshot!("empty_message", shape(&problem));
    // And after all of that she answers.
    assert_eq!(ada.say(&hana, "hello").await.ok()["turn_no"], 2);
}

async fn what_a_path_or_a_query_names_must_make_sense(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    for path in [
        "/waifus/hana",
        "/waifus/hana/messages",
        "/waifus/1/relationship",
        "/waifus/1/relationship/history",
        "/waifus/hana/gifts",
        "/waifus/hana/dates",
        "/waifus/hana/events",
    ] {
        let problem = ada.get(path).await.problem(422, "validation");
        let told = json!([{"parameter": "id", "detail": "must be a UUID"}]);
        assert_eq!(problem["errors"], told);
    }
    for (path, parameter) in [
        ("turns/1/rewind", "turn_id"),
        ("events/1/choice", "occurrence_id"),
    ] {
        let path = format!("/waifus/{hana}/{path}");
        let answer = ada.post(&path, &json!({"choice": "yes"})).await;
        let told = json!([{"parameter": parameter, "detail": "must be a UUID"}]);
        assert_eq!(answer.problem(422, "validation")["errors"], told);
    }
    for list in [
        "messages",
        "relationship/interactions",
        "gifts",
        "dates",
        "events",
    ] {
        for query in ["limit=0", "limit=101", "cursor=x", "order=up"] {
            let answer = ada.get(&format!("/waifus/{hana}/{list}?{query}")).await;
            answer.problem(422, "validation");
        }
    }
}

async fn a_message_may_have_8000_characters_however_many_bytes_they_take(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    for (no, character) in (1..).zip(["a", "é", "花", "🌸"]) {
        let long = character.repeat(8_000);
        assert_eq!(ada.say(&hana, &long).await.ok()["turn_no"], no);
        assert_eq!(ada.history(&hana).await[1]["text"], long);
        ada.say(&hana, &character.repeat(8_001))
            .await
            .problem(422, "validation");
    }
}

async fn a_path_that_leads_nowhere_is_a_problem_like_any_other(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    for path in ["/", "/nowhere", "/auth/nowhere", "/ws", "/graphql/nowhere"] {
        ada.get(path).await.problem(404, "not_found");
    }
    ada.get(&format!("/waifus/{}/nowhere", new_id()))
        .await
        .problem(404, "not_found");
    for (method, path) in [
        ("PUT", "/waifus"),
        ("GET", "/auth/login"),
        ("GET", "/waifus/chat"),
        ("GET", "/graphql"),
    ] {
        let answer = send(ada.request(method, path)).await;
        assert!(
            (400..500).contains(&answer.status),
            "{method} {path}: {answer:?}"
        );
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{method} {path}: {answer:?}"
        );
    }
}
