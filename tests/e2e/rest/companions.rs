//! The catalogue: making companions, reading, changing and deleting them.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::chat::id_of;
use crate::support::new_id;
use crate::support::rest::send;
use crate::support::shape::shape;
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_companion_comes_back_as_she_was_made,
        lists_show_every_companion_once_page_by_page,
        a_change_needs_the_version_that_was_seen,
        changes_to_one_version_at_once_are_one_change,
        a_merge_patch_keeps_what_it_does_not_name,
        a_deleted_companion_is_gone_but_not_what_was_said_with_her,
        a_house_companion_is_nobodys_to_change,
        a_bad_companion_is_refused_with_the_place_of_what_is_wrong,
    ],
}

fn whole() -> Value {
    json!({
        "name": "Hana",
        "personality": {
            "archetype": "kuudere",
            "description": "Keeps a small library.",
            "traits": {"calm": 80},
            "likes": {"tea": 3},
            "dislikes": {"noise": 1},
            "greetings": ["Oh. Hello."],
            "x_mine": {"a": 1, "b": [true, null]},
        },
        "appearance": {"hair": "black", "x_scent": "paper"},
        "stats": {"warmth": 70, "stubbornness": 90},
        "visibility": "public",
    })
}

async fn a_companion_comes_back_as_she_was_made(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let made = ada.post("/waifus", &whole()).await;
    let waifu = made.created();
    insta::assert_json_snapshot!("waifu", shape(&waifu));
    assert_eq!(waifu["owner_id"], ada.id.as_str());
    assert_eq!(
        made.header("location"),
        format!("/waifus/{}", id_of(&waifu))
    );
    assert_eq!(made.header("etag"), "\"1\"");

    let read = ada.get(made.header("location")).await;
    assert_eq!(read.ok(), waifu);
    assert_eq!(read.header("etag"), "\"1\"");

    let plain = ada
        .post("/waifus", &json!({"name": "  Mio  "}))
        .await
        .created();
    assert_eq!(plain["name"], "Mio");
    assert_eq!(plain["visibility"], "private");
    assert_eq!(plain["stats"]["warmth"], 50);
}

async fn lists_show_every_companion_once_page_by_page(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(ada.companion().await);
    }
    let all = ada.pages("/waifus", 100).await;
    assert_eq!(ada.pages("/waifus", 2).await, all);
    let ids: Vec<String> = all.iter().map(id_of).collect();
    // The house's are older.
    assert_eq!(&ids[ids.len() - 5..], made);
    assert!(
        all.iter().any(|waifu| waifu["key"].is_string()),
        "none of the house's among {all:?}"
    );

    for bad in [
        "limit=0",
        "limit=101",
        "limit=x",
        "cursor=nonsense",
        "page=1",
    ] {
        let problem = ada
            .get(&format!("/waifus?{bad}"))
            .await
            .problem(422, "validation");
        assert!(problem["errors"][0]["parameter"].is_string(), "{problem}");
    }
}

async fn a_change_needs_the_version_that_was_seen(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let path = format!("/waifus/{}", ada.companion().await);
    let change = json!({"name": "Yuki"});

    let blind = send(ada.request("PATCH", &path).json(&change)).await;
    blind.problem(428, "precondition_required");
    for other in ["\"2\"", "\"0\"", "nonsense", "\"-1\""] {
        ada.patch(&path, other, &change)
            .await
            .problem(412, "precondition_failed");
    }
    let changed = ada.patch(&path, "\"1\"", &change).await;
    assert_eq!(changed.ok()["name"], "Yuki");
    assert_eq!(changed.header("etag"), "\"2\"");
    ada.patch(&path, "\"1\"", &change)
        .await
        .problem(412, "precondition_failed");
    assert_eq!(ada.get(&path).await.ok(), changed.ok());
}

async fn changes_to_one_version_at_once_are_one_change(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let path = format!("/waifus/{}", ada.companion().await);
    let names: Vec<_> = (0..8)
        .map(|no| json!({"name": format!("Name {no}")}))
        .collect();
    let answers = join_all(names.iter().map(|name| ada.patch(&path, "\"1\"", name))).await;
    let (changed, stale): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(changed.len(), 1, "{answers:?}");
    for answer in stale {
        answer.problem(412, "precondition_failed");
    }
    assert_eq!(ada.get(&path).await.ok(), changed[0].ok());
}

async fn a_merge_patch_keeps_what_it_does_not_name(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let before = ada.post("/waifus", &whole()).await.created();
    let path = format!("/waifus/{}", id_of(&before));
    let changes = json!({
        "personality": {"x_mine": {"a": null, "c": "new"}, "likes": {"rain": 2}},
        "appearance": null,
        "stats": {"warmth": 10},
    });
    let after = ada.patch(&path, "\"1\"", &changes).await.ok();
    assert_eq!(
        after["personality"]["x_mine"],
        json!({"b": [true, null], "c": "new"})
    );
    assert_eq!(after["personality"]["likes"], json!({"tea": 3, "rain": 2}));
    assert_eq!(after["personality"]["archetype"], "kuudere");
    assert_eq!(after["appearance"].get("x_scent"), None);
    assert_eq!(after["stats"]["warmth"], 10);
    assert_eq!(after["stats"]["stubbornness"], 90);
    assert_eq!(
        (&after["name"], &after["visibility"]),
        (&json!("Hana"), &json!("public"))
    );
    assert_eq!(
        (&after["version"], &after["created_at"]),
        (&json!(2), &before["created_at"])
    );

    for (bad, pointer) in [
        (json!({"stats": {"warmth": 101}}), "/stats/warmth"),
        (json!({"name": null}), ""),
        (json!({"visibility": "secret"}), "/visibility"),
        (json!({"id": new_id()}), ""),
    ] {
        let problem = ada
            .patch(&path, "\"2\"", &bad)
            .await
            .problem(422, "validation");
        let told = problem["errors"][0]["pointer"].as_str().unwrap();
        assert!(told.starts_with(pointer), "{problem}");
    }
    assert_eq!(ada.get(&path).await.ok(), after);
}

async fn a_deleted_companion_is_gone_but_not_what_was_said_with_her(world: World) {
    let server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let hana = ada.companion().await;
    ada.say(&hana, "hello").await.ok();
    let before = ada.history(&hana).await;
    let path = format!("/waifus/{hana}");
    assert_eq!(ada.delete(&path).await.status, 204);

    ada.get(&path).await.problem(410, "companion_gone");
    ada.patch(&path, "\"1\"", &json!({"name": "Yuki"}))
        .await
        .problem(410, "companion_gone");
    ada.delete(&path).await.problem(410, "companion_gone");
    ada.say(&hana, "hello?")
        .await
        .problem(410, "companion_gone");
    let listed = ada.pages("/waifus", 100).await;
    assert!(listed.iter().all(|waifu| id_of(waifu) != hana));

    assert_eq!(before.len(), 2);
    assert_eq!(ada.history(&hana).await, before);
    assert_eq!(ada.ledger(&hana).await.len(), 1);
    // Who could not see her before learns nothing now.
    bob.get(&path).await.problem(404, "not_found");
}

async fn a_house_companion_is_nobodys_to_change(world: World) {
    let server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let house = ada.get("/waifus?limit=1").await.ok()["items"][0].clone();
    assert_eq!(house["owner_id"], Value::Null);
    for waifu in [id_of(&house), bob.public_companion().await] {
        let path = format!("/waifus/{waifu}");
        let before = ada.get(&path).await.ok();
        ada.patch(&path, "\"1\"", &json!({"name": "Yuki"}))
            .await
            .problem(403, "not_owner");
        ada.delete(&path).await.problem(403, "not_owner");
        assert_eq!(ada.get(&path).await.ok(), before);
        ada.say(&waifu, "hello").await.ok();
    }
}

async fn a_bad_companion_is_refused_with_the_place_of_what_is_wrong(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let before = ada.pages("/waifus", 100).await;
    let long = "é".repeat(40_000);
    for (body, pointer) in [
        (json!({"name": ""}), "/name"),
        (json!({"name": "two\nlines"}), "/name"),
        (json!({"name": "x".repeat(81)}), "/name"),
        (
            json!({"name": "Hana", "stats": {"pride": -1}}),
            "/stats/pride",
        ),
        (
            json!({"name": "Hana", "stats": {"pride": "high"}}),
            "/stats/pride",
        ),
        (
            json!({"name": "Hana", "personality": {"likes": {"tea": 9}}}),
            "/personality/likes/tea",
        ),
        (
            json!({"name": "Hana", "personality": {"x": long}}),
            "/personality",
        ),
        (
            json!({"name": "Hana", "appearance": {"x": long}}),
            "/appearance",
        ),
        (json!({"name": "Hana", "appearance": []}), "/appearance"),
        (json!({"name": "Hana", "owner_id": new_id()}), ""),
    ] {
        let problem = ada.post("/waifus", &body).await.problem(422, "validation");
        let told = problem["errors"][0]["pointer"].as_str().unwrap();
        assert!(told.starts_with(pointer), "{pointer} in {problem}");
    }
    assert_eq!(ada.pages("/waifus", 100).await, before);
}
