//! `Idempotency-Key`: whoever asks again changes nothing.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::acts::row_of;
use crate::support::chat::{KIND, change_of, id_of};
use crate::support::operators::succeeded;
use crate::support::rest::{Door, User};
use crate::support::world::{Store, World};

scenarios! {
    everywhere: [
        the_same_key_and_gift_again_is_the_same_gift,
        a_key_that_comes_with_another_gift_is_refused,
        a_refusal_does_not_use_up_a_key,
        elsewhere_the_same_key_is_another_act,
        a_key_does_not_lead_to_another_companion,
        a_key_that_makes_no_sense_is_refused_by_name,
        sixty_four_gifts_at_once_under_eight_keys_are_eight_gifts,
        one_companion_is_made_however_often_she_is_asked_for,
        another_answer_is_given_once_however_often_it_is_asked_for,
        what_was_asked_for_by_rest_is_not_asked_for_by_graphql_again,
    ],
}

async fn gift(user: &User, waifu: &str, key: &str) -> Value {
    json!({"gift_id": id_of(&user.gift(waifu, key).await)})
}

/// What a retry must have in common with the first.
fn result_of(done: &Value) -> Value {
    json!([done["interactions"], done["turn"], done["reply"]])
}

async fn the_same_key_and_gift_again_is_the_same_gift(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let path = format!("/waifus/{hana}/gifts");
    let wildflowers = gift(&ada, &hana, "wildflowers").await;
    let first = ada.post_under("monday", &path, &wildflowers).await.ok();
    ada.say(&hana, KIND).await.ok();
    let stored = ada.everything_with(&hana).await;

    let again = ada.post_under("monday", &path, &wildflowers).await.ok();
    assert_eq!(result_of(&again), result_of(&first));
    // The rest is as of now.
    assert_eq!(again["relationship"], stored["relationship"]);
    assert_ne!(again["relationship"], first["relationship"]);
    assert_eq!(again["events"].as_array().unwrap().len(), 3);
    assert_eq!(ada.everything_with(&hana).await, stored);

    let another = ada.post_under("tuesday", &path, &wildflowers).await.ok();
    assert_ne!(result_of(&another), result_of(&first));
    assert_eq!(ada.ledger(&hana).await.len(), 3);
}

async fn a_key_that_comes_with_another_gift_is_refused(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let path = format!("/waifus/{hana}/gifts");
    let (flowers, tea) = (
        gift(&ada, &hana, "wildflowers").await,
        gift(&ada, &hana, "spring_tea").await,
    );
    ada.post_under("monday", &path, &flowers).await.ok();
    let stored = ada.everything_with(&hana).await;
    ada.post_under("monday", &path, &tea)
        .await
        .problem(422, "idempotency_mismatch");
    assert_eq!(ada.everything_with(&hana).await, stored);
}

async fn a_refusal_does_not_use_up_a_key(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let path = format!("/waifus/{hana}/gifts");
    let (roses, tea) = (
        gift(&ada, &hana, "red_roses").await,
        gift(&ada, &hana, "spring_tea").await,
    );
    ada.post_under("monday", &path, &roses)
        .await
        .problem(409, "gift_declined");
    ada.post_under("monday", &path, &tea).await.ok();
    assert_eq!(ada.ledger(&hana).await.len(), 1);
}

async fn elsewhere_the_same_key_is_another_act(world: World) {
    let server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let (mina, yuki) = (ada.public_companion().await, ada.companion().await);
    let wildflowers = gift(&ada, &mina, "wildflowers").await;
    let chess = json!({"date_id": id_of(&ada.date(&mina, "chess_in_the_park").await)});
    let key = "monday";
    let hers = ada
        .post_under(key, &format!("/waifus/{mina}/gifts"), &wildflowers)
        .await
        .ok();
    for (user, path, body) in [
        (&ada, format!("/waifus/{yuki}/gifts"), &wildflowers),
        (&ada, format!("/waifus/{mina}/dates"), &chess),
        (&bob, format!("/waifus/{mina}/gifts"), &wildflowers),
    ] {
        let done = user.post_under(key, &path, body).await.ok();
        assert_ne!(result_of(&done), result_of(&hers), "{path}");
    }
    let choice = async |event: &str| {
        let occurrence = id_of(&ada.event(&mina, event).await);
        format!("/waifus/{mina}/events/{occurrence}/choice")
    };
    let (first_gift, first_date) = (choice("first_gift").await, choice("first_date").await);
    let honest = json!({"choice": "honest"});
    let done = ada.post_under(key, &first_gift, &honest).await.ok();
    assert_eq!(row_of(&done)["kind"], "event");
    let long_way = json!({"choice": "long_way"});
    let done = ada.post_under(key, &first_date, &long_way).await.ok();
    assert_eq!(row_of(&done)["kind"], "event");
    assert_eq!(ada.ledger(&mina).await.len(), 4);
    assert_eq!(bob.ledger(&mina).await.len(), 1);
}

async fn a_key_does_not_lead_to_another_companion(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let (hana, yuki) = (ada.companion().await, ada.companion().await);
    let turn = ada.say(&hana, KIND).await.ok()["turn_id"].clone();
    ada.say(&yuki, KIND).await.ok();
    let occurrence = id_of(&ada.event(&hana, "first_chat").await);
    let with_yuki = ada.everything_with(&yuki).await;
    for (path, body) in [
        (
            format!("events/{occurrence}/choice"),
            json!({"choice": "ask"}),
        ),
        (
            format!("turns/{}/rewind", turn.as_str().unwrap()),
            Value::Null,
        ),
    ] {
        let of = |waifu: &str| format!("/waifus/{waifu}/{path}");
        ada.post_under("monday", &of(&hana), &body).await.ok();
        let elsewhere = ada.post_under("monday", &of(&yuki), &body).await;
        elsewhere.problem(404, "not_found");
    }
    assert_eq!(ada.everything_with(&yuki).await, with_yuki);
}

async fn a_key_that_makes_no_sense_is_refused_by_name(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let path = format!("/waifus/{hana}/gifts");
    let wildflowers = gift(&ada, &hana, "wildflowers").await;
    for key in ["", "a b", "é", &"a".repeat(256)] {
        let problem = ada.post_under(key, &path, &wildflowers).await;
        let problem = problem.problem(422, "validation");
        assert_eq!(
            problem["errors"][0]["parameter"], "Idempotency-Key",
            "{key:?}: {problem}"
        );
    }
    assert!(ada.ledger(&hana).await.is_empty());
    ada.post_under(&"a".repeat(255), &path, &wildflowers)
        .await
        .ok();
}

/// One, and on PostgreSQL two that share the store.
async fn sixty_four_gifts_at_once_under_eight_keys_are_eight_gifts(world: World) {
    let mut server = world.server().await;
    let ada = server.user().await;
    let one = ada.door.address.clone();
    sixty_four_gifts(&ada, std::slice::from_ref(&one)).await;
    let mut relationships = 1;
    if world.store == Store::Postgres {
        let second = server.place.spawn().await.expect("a second server");
        sixty_four_gifts(&ada, &[one, second.address.clone()]).await;
        relationships = 2;
    }
    let said = succeeded(&server.command(&["verify-ledger"]).await);
    let rows = 8 * relationships;
    let holds = format!("the ledger law holds: {relationships} relationships, {rows} rows");
    assert_eq!(said.trim(), holds);
}

const GIFTS: [&str; 8] = [
    "wildflowers",
    "bicycle_bell",
    "flying_disc",
    "melon_bread",
    "dark_chocolate",
    "sugar_stars",
    "spring_tea",
    "mountain_coffee",
];

async fn sixty_four_gifts(ada: &User, servers: &[String]) {
    let hana = ada.companion().await;
    let path = format!("/waifus/{hana}/gifts");
    let mut bodies = Vec::new();
    for key in GIFTS {
        bodies.push(gift(ada, &hana, key).await);
    }
    // A client of its own for each of eight devices, and each gives all eight.
    let devices = servers.iter().cycle().take(8);
    let devices: Vec<_> = devices
        .map(|address| ada.through(&Door::to(address)))
        .collect();
    let given = devices.iter().flat_map(|device| {
        let path = &path;
        let gives = GIFTS.iter().zip(&bodies);
        gives.map(async move |(key, body)| device.post_under(key, path, body).await.ok())
    });
    let answers = join_all(given).await;
    assert_eq!(answers.len(), 64);

    let mut ledger = ada.ledger(&hana).await;
    ledger.reverse();
    assert_eq!(ledger.len(), 8);
    let mut affection = 0;
    for (no, row) in (1..).zip(&ledger) {
        affection += change_of(row);
        assert_eq!(
            (&row["no"], &row["affection_after"]),
            (&json!(no), &json!(affection))
        );
    }
    assert_eq!(affection, 20, "the cap is not full, or overfull");
    assert_eq!(ada.relationship(&hana).await["affection"], affection);
    for (place, key) in GIFTS.into_iter().enumerate() {
        let row = ledger.iter().find(|row| row["cause"]["gift"] == key);
        let row = row.unwrap_or_else(|| panic!("nobody gave {key}"));
        let of_key = answers.iter().skip(place).step_by(GIFTS.len());
        let turns: Vec<_> = of_key
            .map(|answer| {
                assert_eq!(&row_of(answer), row, "{key}");
                (&answer["turn"], &answer["reply"])
            })
            .collect();
        assert!(turns.iter().all(|turn| *turn == turns[0]), "{turns:#?}");
    }
    let events = ada.events(&hana).await;
    let first_gifts = events.iter().filter(|event| event["event"] == "first_gift");
    assert_eq!(first_gifts.count(), 1, "{events:#?}");
}

async fn one_companion_is_made_however_often_she_is_asked_for(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let rin = json!({"name": "Rin", "personality": {"background": "A harbour."}});
    let ask = || ada.post_under("monday", "/waifus", &rin);
    let made = join_all((0..16).map(|_| ask())).await;
    let made: Vec<_> = made.iter().map(|answer| answer.created()).collect();
    assert!(made.iter().all(|her| *her == made[0]), "{made:#?}");
    assert_eq!(made[0], ask().await.created());

    let other = json!({"name": "Rin"});
    let mismatch = ada.post_under("monday", "/waifus", &other).await;
    mismatch.problem(422, "idempotency_mismatch");
    let hers = id_of(&made[0]);
    for (user, key) in [(&ada, "tuesday"), (&bob, "monday")] {
        let another = user.post_under(key, "/waifus", &rin).await.created();
        assert_ne!(id_of(&another), hers);
    }
    assert_eq!(ada.delete(&format!("/waifus/{hers}")).await.status, 204);
    ask().await.problem(410, "companion_gone");

    let sora = json!({"key": "sora", "name": "Sora"});
    let ask = || operator.post_under("monday", "/admin/waifus", &sora);
    let made = join_all((0..8).map(|_| ask())).await;
    let made: Vec<_> = made.iter().map(|answer| answer.created()).collect();
    assert!(made.iter().all(|her| *her == made[0]), "{made:#?}");
}

async fn another_answer_is_given_once_however_often_it_is_asked_for(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let first = ada.say(&hana, KIND).await.ok();
    let turn = first["turn_id"].as_str().expect("an id");
    let path = format!("/waifus/{hana}/turns/{turn}/regenerate");
    let ask = |key: &'static str| ada.post_under(key, &path, &Value::Null);
    let again = join_all((0..8).map(|_| ask("monday"))).await;
    let again: Vec<_> = again.iter().map(|answer| answer.ok()).collect();
    assert!(again.iter().all(|answer| *answer == again[0]), "{again:#?}");
    assert_eq!(again[0]["run"], 2);
    assert_eq!(ask("monday").await.ok(), again[0]);
    assert_eq!(ask("tuesday").await.ok()["run"], 3);

    let second = ada.say(&hana, KIND).await.ok();
    let turn = second["turn_id"].as_str().expect("an id");
    let elsewhere = format!("/waifus/{hana}/turns/{turn}/regenerate");
    let answer = ada.post_under("monday", &elsewhere, &Value::Null).await;
    assert_eq!(
        (&answer.ok()["run"], &answer.ok()["turn_id"]),
        (&json!(2), &json!(turn))
    );
    // The first is the latest no more, and what was asked of it before is still told.
    ask("monday").await.ok();
    ask("wednesday").await.problem(409, "too_far_back");
}

async fn what_was_asked_for_by_rest_is_not_asked_for_by_graphql_again(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let rin = json!({"name": "Rin"});
    let made = ada.post_under("monday", "/waifus", &rin).await.created();
    let create = "mutation { createWaifu(input: {name: \"Rin\", idempotencyKey: \"monday\"}) { waifu { id } errors { code } } }";
    let again = ada.graphql(create, &Value::Null).await;
    assert_eq!(
        again["data"]["createWaifu"]["waifu"]["id"], made["id"],
        "{again}"
    );

    let turn = ada.say(&hana, KIND).await.ok()["turn_id"].clone();
    let path = format!("/waifus/{hana}/turns/{}/regenerate", turn.as_str().unwrap());
    let reply = ada.post_under("monday", &path, &Value::Null).await.ok()["reply"]["id"].clone();
    let regenerate = "mutation($waifu: ID!, $turn: ID!) { \
        regenerate(input: {waifuId: $waifu, turnId: $turn, idempotencyKey: \"monday\"}) \
        { turn { run } reply { id } errors { code } } }";
    let again = ada
        .graphql(regenerate, &json!({"waifu": hana, "turn": turn}))
        .await;
    let again = &again["data"]["regenerate"];
    assert_eq!(
        (&again["turn"]["run"], &again["reply"]["id"]),
        (&json!(2), &reply)
    );
}
