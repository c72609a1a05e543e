//! What a user says of himself.

use serde_json::{Value, json};

use crate::support::rest::{PASSWORD, send};
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_profile_is_changed_field_by_field,
        a_change_that_makes_no_sense_is_refused_by_its_place,
        who_says_that_he_is_a_minor_is_offered_nothing_that_presses_for_a_return,
    ],
}

async fn a_profile_is_changed_field_by_field(world: World) {
    let server = world.server().await;
    let account = json!({"username": "ada", "password": PASSWORD, "display_name": "Ada Lovelace"});
    server.door.post("/auth/register", &account).await.created();
    let ada = crate::support::rest::User::log_in(&server.door, "ada").await;
    let mut profile = ada.get("/me").await.ok();
    for (field, value) in [
        ("time_zone", json!("Europe/Berlin")),
        ("birthday", json!("1996-02-29")),
        ("display_name", json!("Ada K.")),
        ("birthday", Value::Null),
        ("birthday", json!("1996-03-01")),
        ("time_zone", json!("UTC")),
        ("pronouns", json!("they/them")),
        ("locale", json!("pt-BR")),
        ("persona", json!("A baker.\nI get up early.")),
        ("pronouns", Value::Null),
        ("locale", Value::Null),
        ("persona", Value::Null),
    ] {
        profile[field] = value.clone();
        let changed = ada.change_profile(&json!({field: value})).await.ok();
        assert_eq!(changed, profile, "{field}");
        assert_eq!(ada.get("/me").await.ok(), profile, "{field}");
    }
    let forgotten = json!({"display_name": null, "time_zone": null});
    ada.change_profile(&json!({"time_zone": "Asia/Tokyo"}))
        .await
        .ok();
    let profile = json_with(profile, &json!({"display_name": "ada", "time_zone": "UTC"}));
    assert_eq!(ada.change_profile(&forgotten).await.ok(), profile);
    // Whoever says nothing changes nothing.
    assert_eq!(ada.change_profile(&json!({})).await.ok(), profile);
    let all = json!({"display_name": "A", "time_zone": "Asia/Tokyo", "birthday": "2000-12-31"});
    let changed = ada.change_profile(&all).await.ok();
    for (field, value) in all.as_object().unwrap() {
        assert_eq!(changed[field], *value, "{field}");
    }
}

fn json_with(mut profile: Value, fields: &Value) -> Value {
    for (field, value) in fields.as_object().unwrap() {
        profile[field] = value.clone();
    }
    profile
}

async fn a_change_that_makes_no_sense_is_refused_by_its_place(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let told = json!({"time_zone": "Europe/Berlin", "birthday": "1996-02-29"});
    let before = ada.change_profile(&told).await.ok();
    for (body, pointer) in [
        (json!({"time_zone": "Mars/Olympus"}), "/time_zone"),
        (json!({"time_zone": ""}), "/time_zone"),
        (json!({"time_zone": 2}), "/time_zone"),
        (json!({"birthday": "1997-02-29"}), "/birthday"),
        (json!({"birthday": "29.2.1996"}), "/birthday"),
        (json!({"birthday": "1996-02-29T00:00:00Z"}), "/birthday"),
        (json!({"birthday": 1996}), "/birthday"),
        (json!({"birthday": "2962-02-28"}), "/birthday"),
        (json!({"birthday": "1796-02-29"}), "/birthday"),
        (json!({"pronouns": ""}), "/pronouns"),
        (json!({"pronouns": "x".repeat(41)}), "/pronouns"),
        (json!({"locale": "plain english"}), "/locale"),
        (json!({"persona": "x".repeat(4_001)}), "/persona"),
        (json!({"persona": "\u{0}"}), "/persona"),
        (json!({"display_name": ""}), "/display_name"),
        (json!({"display_name": "a\nb"}), "/display_name"),
        (json!({"birthday": null, "age": 30}), "/age"),
        (json!({"roles": ["operator"]}), "/roles"),
        (json!([]), ""),
    ] {
        let problem = ada.change_profile(&body).await.problem(422, "validation");
        assert_eq!(
            problem["errors"][0]["pointer"], pointer,
            "{body}: {problem}"
        );
        assert_eq!(ada.get("/me").await.ok(), before, "{body}");
    }
    let request = ada
        .request("PATCH", "/me")
        .header("Content-Type", "text/plain");
    send(request.body("{}"))
        .await
        .problem(415, "unsupported_media");
}

async fn who_says_that_he_is_a_minor_is_offered_nothing_that_presses_for_a_return(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let gifts = format!("/waifus/{hana}/gifts");
    let listed = async || {
        let gifts = ada.pages(&gifts, 100).await;
        let found = gifts.into_iter().find(|gift| gift["key"] == "half_a_story");
        found.map(|gift| gift["id"].clone())
    };
    let pressing = listed().await.expect("she is grown up");
    let made = ada.get(&format!("/waifus/{hana}")).await.ok();
    let this_year: i32 = made["created_at"].as_str().unwrap()[..4].parse().unwrap();
    for years in [10, 40] {
        // Once told, another birthday does not take it back.
        let birthday = json!({"birthday": format!("{}-01-01", this_year - years)});
        ada.change_profile(&birthday).await.ok();
        assert_eq!(listed().await, None);
        ada.post(&gifts, &json!({"gift_id": pressing}))
            .await
            .problem(409, "gift_declined");
    }
}
