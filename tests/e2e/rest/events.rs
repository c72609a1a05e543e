//! Events: how they come up, and what a choice does.

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::support::acts::row_of;
use crate::support::chat::{KIND, change_of, id_of};
use crate::support::new_id;
use crate::support::shape::shape;
use crate::support::world::World;

scenarios! {
    everywhere: [
        the_first_talk_opens_an_event,
        events_are_listed_newest_first_and_the_same_in_pages,
        a_choice_is_taken_once,
        a_choice_that_is_not_there_is_not_taken,
        somebody_elses_event_is_not_there,
        an_event_of_one_companion_is_not_there_with_another,
    ],
}

async fn the_first_talk_opens_an_event(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    assert!(ada.events(&hana).await.is_empty());
    let answer = ada.say(&hana, KIND).await.ok();
    let pending = json!(["first_chat"]);
    assert_eq!(answer["relationship"]["pending_events"], pending);

    let events = ada.events(&hana).await;
    assert_eq!(events.len(), 1, "{events:?}");
    insta::assert_json_snapshot!("first_chat", shape(&events[0]));
    let moment = |field: &str| {
        let text = events[0][field].as_str().unwrap();
        OffsetDateTime::parse(text, &Rfc3339).unwrap()
    };
    assert_eq!(
        moment("expires_at") - moment("opened_at"),
        Duration::days(7)
    );
    let row = &answer["interactions"][0];
    assert_eq!(events[0]["opened_at"], row["timestamp"]);
    // Reading opens nothing, and the second talk is no first one.
    ada.say(&hana, "I am going to the shop.").await.ok();
    assert_eq!(ada.events(&hana).await, events);
}

async fn events_are_listed_newest_first_and_the_same_in_pages(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    ada.choose(&hana, "first_chat", "stay").await.ok();
    ada.give(&hana, "wildflowers").await.ok();
    ada.go(&hana, "chess_in_the_park").await.ok();
    let events = ada.events(&hana).await;
    let mut keys: Vec<_> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    // Two of them came up at once: with the gift that made the level.
    keys[1..3].sort_unstable();
    assert_eq!(
        keys,
        [
            "first_date",
            "becoming_acquainted",
            "first_gift",
            "first_chat"
        ]
    );
    let opened: Vec<_> = events
        .iter()
        .map(|event| event["opened_at"].as_str().unwrap())
        .collect();
    assert!(
        opened.is_sorted_by(|newer, older| newer >= older),
        "{opened:?}"
    );
    assert_eq!(opened[1], opened[2]);
    for limit in 1..=4 {
        let pages = ada.pages(&format!("/waifus/{hana}/events"), limit).await;
        assert_eq!(pages, events);
    }
    // What one has lived through stays to be read.
    ada.delete(&format!("/waifus/{hana}")).await;
    assert_eq!(ada.events(&hana).await, events);
    ada.choose(&hana, "first_date", "long_way")
        .await
        .problem(410, "companion_gone");
}

async fn a_choice_is_taken_once(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    let pending = ada.event(&hana, "first_chat").await;
    let done = ada.choose(&hana, "first_chat", "ask").await.ok();
    let row = row_of(&done);
    assert_eq!(change_of(&row), 2);
    assert_eq!(
        (&row["kind"], &row["affection_after"]),
        (&json!("event"), &json!(5))
    );
    let cause = json!({
        "type": "occurrence", "occurrence_id": pending["id"], "event": "first_chat", "choice": "ask",
    });
    assert_eq!(row["cause"], cause);

    let mut resolved = pending.clone();
    resolved["state"] = json!("resolved");
    resolved["choice"] = json!("ask");
    resolved["closed_at"] = row["timestamp"].clone();
    assert_eq!(ada.event(&hana, "first_chat").await, resolved);
    // With the fifth point comes the first level, and what it opens.
    let pending = json!(["becoming_acquainted"]);
    assert_eq!(done["relationship"]["pending_events"], pending);
    assert_eq!(done["events"][0]["event"], "becoming_acquainted");

    let stored = ada.everything_with(&hana).await;
    let again = ada.choose(&hana, "first_chat", "ask").await.ok();
    assert_eq!(again, done);
    for other in ["introduce", "dance"] {
        ada.choose(&hana, "first_chat", other)
            .await
            .problem(409, "choice_taken");
    }
    assert_eq!(ada.everything_with(&hana).await, stored);
}

async fn a_choice_that_is_not_there_is_not_taken(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    let before = ada.everything_with(&hana).await;
    ada.choose(&hana, "first_chat", "dance")
        .await
        .problem(404, "not_found");
    ada.choose_in(&hana, &new_id(), "ask")
        .await
        .problem(404, "not_found");
    let occurrence = id_of(&ada.event(&hana, "first_chat").await);
    let path = format!("/waifus/{hana}/events/{occurrence}/choice");
    for (body, pointer) in [
        (json!({}), ""),
        (json!({"choice": 1}), "/choice"),
        (json!({"choice": "To ask!"}), "/choice"),
        (json!({"choice": "ask", "why": "x"}), "/why"),
    ] {
        let problem = ada.post(&path, &body).await.problem(422, "validation");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    assert_eq!(ada.everything_with(&hana).await, before);
}

async fn somebody_elses_event_is_not_there(world: World) {
    let server = world.server().await;
    let (ada, bob, eve) = (
        server.user().await,
        server.user().await,
        server.user().await,
    );
    let mina = ada.public_companion().await;
    ada.say(&mina, KIND).await.ok();
    bob.say(&mina, KIND).await.ok();
    let adas = id_of(&ada.event(&mina, "first_chat").await);
    let everybodys = async || {
        let mut everything = Vec::new();
        for user in [&ada, &bob, &eve] {
            everything.push(user.everything_with(&mina).await);
        }
        everything
    };
    let try_it = async || {
        let before = everybodys().await;
        for user in [&bob, &eve] {
            let of_hers = user.choose_in(&mina, &adas, "ask").await;
            let of_none = user.choose_in(&mina, &new_id(), "ask").await;
            let problem = of_hers.problem(404, "not_found");
            assert_eq!(problem, of_none.problem(404, "not_found"));
        }
        assert_eq!(everybodys().await, before);
    };
    try_it().await;
    ada.choose_in(&mina, &adas, "ask").await.ok();
    try_it().await;
}

async fn an_event_of_one_companion_is_not_there_with_another(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let (hana, yuki) = (ada.companion().await, ada.companion().await);
    ada.say(&hana, KIND).await.ok();
    ada.say(&yuki, KIND).await.ok();
    let hanas = id_of(&ada.event(&hana, "first_chat").await);
    let with_yuki: Value = ada.everything_with(&yuki).await;
    ada.choose_in(&yuki, &hanas, "ask")
        .await
        .problem(404, "not_found");
    // Nor when it is over.
    ada.choose_in(&hana, &hanas, "ask").await.ok();
    ada.choose_in(&yuki, &hanas, "ask")
        .await
        .problem(404, "not_found");
    assert_eq!(ada.everything_with(&yuki).await, with_yuki);
}
