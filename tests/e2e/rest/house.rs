//! The house's companions and its catalogue, as operators write them.

use serde_json::{Value, json};

use crate::support::chat::id_of;
use crate::support::operators::succeeded;
use crate::support::rest::{Answer, User, send};
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_companion_of_the_house_is_made_changed_and_deleted_by_operators,
        what_is_private_to_the_house_is_seen_by_operators_alone,
        a_gift_is_defined_changed_and_retired,
        an_event_that_is_retired_comes_up_no_more_and_can_still_be_answered,
        a_definition_that_makes_no_sense_or_breaks_the_rules_is_refused,
        what_an_operator_wrote_no_seed_touches,
    ],
}

async fn put(user: &User, path: &str, body: &Value) -> Answer {
    send(user.request("PUT", path).json(body)).await
}

async fn put_at(user: &User, path: &str, version: u32, body: &Value) -> Answer {
    let request = user.request("PUT", path).json(body);
    send(request.header("If-Match", format!("\"{version}\""))).await
}

/// Keys of what she can be given.
async fn offered(user: &User, waifu: &str) -> Vec<String> {
    let gifts = user.get(&format!("/waifus/{waifu}/gifts?limit=100")).await;
    let gifts = gifts.ok()["items"].as_array().unwrap().clone();
    let key = |gift: &Value| gift["key"].as_str().unwrap().to_owned();
    gifts.iter().map(key).collect()
}

fn rose() -> Value {
    json!({"name": "A rose", "description": "With thorns.", "tags": ["flowers"], "base": 4})
}

async fn a_companion_of_the_house_is_made_changed_and_deleted_by_operators(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let body = json!({"key": "sora", "name": "Sora", "stats": {"pride": 70}});
    let made = operator.post("/admin/waifus", &body).await;
    let sora = made.created();
    assert_eq!(
        (&sora["key"], &sora["owner_id"], &sora["visibility"]),
        (&json!("sora"), &Value::Null, &json!("public"))
    );
    let taken = operator.post("/admin/waifus", &body).await;
    taken.problem(409, "name_taken");
    let id = id_of(&sora);
    assert_eq!(made.header("location"), format!("/waifus/{id}"));
    ada.say(&id, "hello").await.ok();

    let (admin, public) = (format!("/admin/waifus/{id}"), format!("/waifus/{id}"));
    let patch = json!({"name": "Sora of the house"});
    let refused = operator.patch(&public, "\"1\"", &patch).await;
    refused.problem(403, "not_owner");
    let changed = operator.patch(&admin, "\"1\"", &patch).await.ok();
    assert_eq!(
        (&changed["version"], &changed["stats"]["pride"]),
        (&json!(2), &json!(70))
    );
    let stale = operator.patch(&admin, "\"1\"", &patch).await;
    stale.problem(412, "precondition_failed");
    let blind = send(operator.request("PATCH", &admin).json(&patch)).await;
    blind.problem(428, "precondition_required");
    assert_eq!(ada.get(&public).await.ok()["name"], "Sora of the house");

    assert_eq!(operator.delete(&admin).await.status, 204);
    operator.delete(&admin).await.problem(410, "companion_gone");
    ada.get(&public).await.problem(410, "companion_gone");
    assert_eq!(ada.history(&id).await.len(), 2);
    // One of a user's own is none of the house's.
    let adas = format!("/admin/waifus/{}", ada.companion().await);
    operator.delete(&adas).await.problem(404, "not_found");
    let refused = operator.patch(&adas, "\"1\"", &patch).await;
    refused.problem(404, "not_found");
}

async fn what_is_private_to_the_house_is_seen_by_operators_alone(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let body = json!({"key": "draft", "name": "Draft", "visibility": "private"});
    let draft = id_of(&operator.post("/admin/waifus", &body).await.created());
    let path = format!("/waifus/{draft}");
    ada.get(&path).await.problem(404, "not_found");
    let listed = operator.get("/admin/waifus?limit=100").await.ok();
    let ids = listed["items"].as_array().unwrap().iter();
    assert!(ids.map(|her| &her["id"]).any(|id| *id == draft));
    let publish = json!({"visibility": "public"});
    let admin = format!("/admin/waifus/{draft}");
    operator.patch(&admin, "\"1\"", &publish).await.ok();
    ada.get(&path).await.ok();
}

async fn a_gift_is_defined_changed_and_retired(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let path = "/admin/gifts/a_rose";
    let made = put(&operator, path, &rose()).await;
    assert_eq!(made.header("etag"), "\"1\"");
    let made = made.created();
    assert_eq!(
        (
            &made["version"],
            &made["is_seeded"],
            &made["definition"]["base"]
        ),
        (&json!(1), &json!(false), &json!(4))
    );
    // Seen at once by whom this server serves.
    assert!(offered(&ada, &hana).await.contains(&"a_rose".to_owned()));
    let gift = json!({"gift_id": made["id"]});
    let gifts = format!("/waifus/{hana}/gifts");
    let given = ada.post(&gifts, &gift).await.ok();
    assert_eq!(given["interactions"][0]["requested_change"], 4);

    let better = json!({"base": 9, "name": "A rose", "description": "Red.", "tags": ["flowers"]});
    put_at(&operator, path, 7, &better)
        .await
        .problem(412, "precondition_failed");
    let changed = put_at(&operator, path, 1, &better).await.ok();
    assert_eq!(
        (&changed["id"], &changed["version"]),
        (&made["id"], &json!(2))
    );
    let nowhere = put_at(&operator, "/admin/gifts/nowhere", 1, &better).await;
    nowhere.problem(412, "precondition_failed");

    let stale = operator.request("DELETE", path).header("If-Match", "\"1\"");
    send(stale).await.problem(412, "precondition_failed");
    assert_eq!(operator.delete(path).await.status, 204);
    operator.delete(path).await.problem(404, "not_found");
    assert!(!offered(&ada, &hana).await.contains(&"a_rose".to_owned()));
    ada.post(&gifts, &gift).await.problem(404, "not_found");
    // What was given stays, and is told by its key.
    let row = &ada.ledger(&hana).await[0];
    assert!(row["content"].as_str().unwrap().contains("a rose"), "{row}");
    let listed = operator.get("/admin/gifts?limit=1").await.ok();
    let [first] = listed["items"].as_array().unwrap().as_slice() else {
        panic!("{listed}");
    };
    assert_eq!(first["key"], "a_rose");
    assert_ne!(first["retired_at"], Value::Null);
    assert_ne!(listed["next_cursor"], Value::Null);
    let back = put(&operator, path, &rose()).await.ok();
    assert_eq!(
        (&back["id"], &back["retired_at"]),
        (&made["id"], &Value::Null)
    );
    ada.post(&gifts, &gift).await.ok();
}

async fn an_event_that_is_retired_comes_up_no_more_and_can_still_be_answered(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let hana = ada.public_companion().await;
    ada.say(&hana, "hello").await.ok();
    let waits = id_of(&ada.event(&hana, "first_chat").await);
    assert_eq!(
        operator.delete("/admin/events/first_chat").await.status,
        204
    );
    bob.say(&hana, "hello").await.ok();
    let his = bob.get(&format!("/waifus/{hana}/events")).await.ok();
    let his = his["items"].as_array().unwrap().iter();
    assert!(his.clone().all(|event| event["event"] != "first_chat"));
    let path = format!("/waifus/{hana}/events/{waits}/choice");
    ada.post(&path, &json!({"choice": "ask"})).await.ok();
    // A gate of the rule book has to have its event.
    let gate = operator.delete("/admin/events/confession").await;
    let problem = gate.problem(422, "validation");
    assert!(
        problem["detail"].as_str().unwrap().contains("gates.events"),
        "{problem}"
    );
}

async fn a_definition_that_makes_no_sense_or_breaks_the_rules_is_refused(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let with = |field: &str, value: Value| {
        let mut gift = rose();
        gift[field] = value;
        gift
    };
    for (body, pointer) in [
        (with("base", json!(11)), "/base"),
        (with("colour", json!("red")), ""),
        (with("tags", json!(["Not a slug"])), "/tags/0"),
        (json!([]), ""),
    ] {
        let refused = put(&operator, "/admin/gifts/a_rose", &body).await;
        let problem = refused.problem(422, "validation");
        let told = problem["errors"][0]["pointer"].as_str().unwrap();
        assert!(told == pointer || pointer.is_empty(), "{problem}");
    }
    let bad_key = put(&operator, "/admin/gifts/A%20Rose", &rose()).await;
    let problem = bad_key.problem(422, "validation");
    assert_eq!(problem["errors"][0]["parameter"], "key");
    let gate = json!({
        "title": "Confession", "scene": "x", "trigger": {"on": "level", "level": 7},
        "choices": [{"key": "yes", "label": "Yes", "effect": 1, "line": "x"}],
    });
    let refused = put(&operator, "/admin/events/confession", &gate).await;
    refused.problem(422, "validation");
    let date =
        json!({"name": "x", "description": "x", "tags": [], "base": 16, "cooldown_hours": 1});
    let refused = put(&operator, "/admin/dates/x", &date).await;
    assert_eq!(
        refused.problem(422, "validation")["errors"][0]["pointer"],
        "/base"
    );
    let listed = operator.get("/admin/gifts?limit=100").await.ok();
    assert!(
        !listed.to_string().contains("a_rose"),
        "nothing was written"
    );
}

async fn what_an_operator_wrote_no_seed_touches(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    put(&operator, "/admin/gifts/wildflowers", &rose())
        .await
        .ok();
    assert_eq!(operator.delete("/admin/gifts/spring_tea").await.status, 204);
    succeeded(&server.command(&["seed"]).await);
    let operator = operator.through(&server.door);
    let listed = operator.get("/admin/gifts?limit=100").await.ok();
    let entry = |key: &str| {
        let mut entries = listed["items"].as_array().unwrap().iter();
        let entry = entries.find(|entry| entry["key"] == key);
        entry.unwrap_or_else(|| panic!("no {key}")).clone()
    };
    assert_eq!(entry("wildflowers")["definition"]["name"], "A rose");
    assert_ne!(entry("spring_tea")["retired_at"], Value::Null);
    assert_eq!(entry("red_roses")["is_seeded"], true);
}
