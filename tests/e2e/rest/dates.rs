//! Dates: what each would earn, what it does earn, and when she does not come along.

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
        a_date_earns_exactly_what_the_list_says,
        the_list_is_by_key_and_the_same_in_pages,
        the_same_date_too_soon_is_refused_and_leaves_no_trace,
        a_date_for_a_higher_level_is_declined_and_leaves_no_trace,
        a_date_that_is_locked_is_declined_until_an_event_unlocks_it,
        where_nobody_can_go_nobody_goes,
    ],
}

fn moment(value: &Value) -> OffsetDateTime {
    OffsetDateTime::parse(value.as_str().expect("a time"), &Rfc3339).expect("RFC 3339")
}

async fn a_date_earns_exactly_what_the_list_says(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let (likes, dislikes) = (json!({"chess": 2}), json!({"dogs": 1, "horror_movies": 2}));
    let hana = ada.companion_with_taste(likes, dislikes).await;
    ada.say(&hana, KIND).await.ok();
    operator.adjust(&ada, &hana, 60).await.ok();
    for (date, moves, rule) in [
        ("chess_in_the_park", 11, "date.liked"),
        ("borrowed_dogs", -3, "date.disliked"),
        ("horror_double_bill", -5, "date.disliked"),
        ("cafe", 8, "date.base"),
        ("bookshop", 1, "cap.date"),
        ("tea_tasting", 0, "cap.date"),
    ] {
        let before = ada.everything_with(&hana).await;
        let offer = ada.date(&hana, date).await;
        assert_eq!(ada.everything_with(&hana).await, before, "{date}");

        let done = ada.go(&hana, date).await.ok();
        let row = row_of(&done);
        assert_eq!(change_of(&row), moves, "{row}");
        assert!(row["reasons"].to_string().contains(rule), "{row}");
        let earned =
            json!({"affection_change": row["affection_change"], "reasons": row["reasons"]});
        assert_eq!(offer["would_earn"], earned, "{date}");
        assert_eq!(row["cause"], json!({"type": "date", "date": date}));
        assert_eq!(done["relationship"], ada.relationship(&hana).await);
        assert_eq!(ada.ledger(&hana).await[0], row);
    }
}

async fn the_list_is_by_key_and_the_same_in_pages(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let all = ada.dates(&hana).await;
    let keys: Vec<_> = all
        .iter()
        .map(|date| date["key"].as_str().unwrap())
        .collect();
    assert!(keys.is_sorted() && keys.len() > 20, "{keys:?}");
    let pages = ada.pages(&format!("/waifus/{hana}/dates"), 5).await;
    assert_eq!(pages, all);
    let chess = ada.date(&hana, "chess_in_the_park").await;
    insta::assert_json_snapshot!("date", shape(&chess));
}

async fn the_same_date_too_soon_is_refused_and_leaves_no_trace(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let done = ada.go(&hana, "chess_in_the_park").await.ok();
    let before = ada.everything_with(&hana).await;

    let offer = ada.date(&hana, "chess_in_the_park").await;
    assert_eq!(offer["would_earn"], Value::Null);
    let answer = ada.go(&hana, "chess_in_the_park").await;
    let problem = answer.problem(409, "date_too_soon");
    let refused = json!({"code": "date_too_soon", "retry_at": problem["retry_at"]});
    assert_eq!(offer["refused"], refused);
    let cooldown = Duration::hours(offer["cooldown_hours"].as_i64().unwrap());
    let last = moment(&row_of(&done)["timestamp"]);
    assert_eq!(moment(&problem["retry_at"]), last + cooldown);
    assert_eq!(ada.everything_with(&hana).await, before);
    // Another one is not the same.
    ada.go(&hana, "borrowed_dogs").await.ok();
}

async fn a_date_for_a_higher_level_is_declined_and_leaves_no_trace(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let before = ada.everything_with(&hana).await;
    let offer = ada.date(&hana, "cafe").await;
    let refused = json!({"code": "date_declined", "least_level": 1});
    assert_eq!(
        (&offer["would_earn"], &offer["refused"]),
        (&Value::Null, &refused)
    );
    let problem = ada.go(&hana, "cafe").await.problem(409, "date_declined");
    assert_eq!(problem["least_level"], 1, "{problem}");
    assert_eq!(ada.everything_with(&hana).await, before);

    for _ in 0..2 {
        ada.say(&hana, KIND).await.ok();
    }
    assert_eq!(ada.relationship(&hana).await["level"], 1);
    ada.go(&hana, "cafe").await.ok();
}

async fn a_date_that_is_locked_is_declined_until_an_event_unlocks_it(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    operator.adjust(&ada, &hana, 150).await.ok();
    let before = ada.everything_with(&hana).await;
    let answer = ada.go(&hana, "rooftop_supper").await;
    let problem = answer.problem(409, "date_declined");
    assert_eq!(problem["unlock"], "rooftop", "{problem}");
    assert_eq!(ada.everything_with(&hana).await, before);

    let chosen = ada.choose(&hana, "rooftop_door", "come").await.ok();
    assert_eq!(chosen["relationship"]["unlocked"], json!(["rooftop"]));
    ada.go(&hana, "rooftop_supper").await.ok();
}

async fn where_nobody_can_go_nobody_goes(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let path = format!("/waifus/{hana}/dates");
    let chess = id_of(&ada.date(&hana, "chess_in_the_park").await);
    let gift = id_of(&ada.gift(&hana, "wildflowers").await);
    let nothing = ada.everything_with(&hana).await;
    for unknown in [new_id(), gift] {
        ada.post(&path, &json!({"date_id": unknown}))
            .await
            .problem(404, "not_found");
    }
    for (body, pointer) in [
        (json!({}), ""),
        (json!({"date_id": "x"}), "/date_id"),
        (json!({"date_id": chess, "where": "x"}), "/where"),
    ] {
        let problem = ada.post(&path, &body).await.problem(422, "validation");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    assert_eq!(ada.everything_with(&hana).await, nothing);
    ada.delete(&format!("/waifus/{hana}")).await;
    ada.get(&path).await.problem(410, "companion_gone");
    ada.post(&path, &json!({"date_id": chess}))
        .await
        .problem(410, "companion_gone");
}
