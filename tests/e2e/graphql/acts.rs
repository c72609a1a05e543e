//! Gifts, dates, choices, steps back and adjustments.

use serde_json::{Value, json};

use super::in_graphql;
use crate::support::acts::adjustment;
use crate::support::chat::{KIND, id_of};
use crate::support::new_id;
use crate::support::rest::User;
use crate::support::shape::shape;
use crate::support::world::World;

scenarios! {
    everywhere: [
        the_same_acts_by_graphql_make_the_same_ledger,
        what_is_refused_has_the_code_and_the_way_out_of_rest,
        one_key_at_two_doors_is_one_act,
        an_adjustment_by_graphql_is_for_operators_too,
    ],
}

const DONE: &str = "
    interactions { id no kind content timestamp requestedChange affectionChange affectionAfter levelAfter
        reasons { rule effect text } }
    relationship { level stage affection nextLevelAt mood pendingEvents keepsakes unlocked lastInteraction version }
    events { id event state choices { key } }
    turn { id turnNo kind status } reply { id text }
    errors { code message leastLevel unlock retryAt }";

/// The payload of a mutation.
async fn act(user: &User, mutation: &str, input: &Value) -> Value {
    let (first, rest) = mutation.split_at(1);
    let kind = format!("{}{rest}Input", first.to_uppercase());
    let document =
        format!("mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {DONE} }} }}");
    let answer = user.graphql(&document, &json!({"input": input})).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    answer["data"][mutation].clone()
}

/// One that was done.
async fn done(user: &User, mutation: &str, input: &Value) -> Value {
    let payload = act(user, mutation, input).await;
    assert_eq!(payload["errors"], json!([]), "{payload}");
    payload
}

async fn the_same_acts_by_graphql_make_the_same_ledger(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let (hana, yuki) = (ada.companion().await, ada.companion().await);
    let with_hana = [
        ada.give(&hana, "sea_glass").await.ok(),
        ada.go(&hana, "chess_in_the_park").await.ok(),
        ada.choose(&hana, "first_date", "long_way").await.ok(),
    ];
    let talk = ada.say(&hana, KIND).await.ok();
    let back = ada.rewind(&hana, &talk["turn_id"]).await.ok();
    let more = operator.adjust(&ada, &hana, 30).await.ok();

    let gift = ada.gift(&yuki, "sea_glass").await["id"].clone();
    let date = ada.date(&yuki, "chess_in_the_park").await["id"].clone();
    let input = json!({"waifuId": yuki, "giftId": gift});
    let given = done(&ada, "giveGift", &input).await;
    let input = json!({"waifuId": yuki, "dateId": date});
    let gone = done(&ada, "goOnDate", &input).await;
    let occurrence = ada.event(&yuki, "first_date").await["id"].clone();
    let input = json!({"waifuId": yuki, "occurrenceId": occurrence, "choice": "long_way"});
    let chosen = done(&ada, "takeChoice", &input).await;
    assert_eq!(done(&ada, "takeChoice", &input).await, chosen);
    for (by_graphql, by_rest) in [given, gone, chosen].iter().zip(&with_hana) {
        let turn = &by_graphql["turn"];
        assert_eq!(turn["turnNo"], by_rest["turn"]["turn_no"]);
        assert_eq!(turn["status"], "COMPLETED");
        let history = ada.history(&yuki).await;
        let said = history.iter().find(|said| said["turn_id"] == turn["id"]);
        let said = said.expect("her words");
        let reply = json!({"id": said["id"], "text": said["text"]});
        assert_eq!(by_graphql["reply"], reply);
    }
    let talk = ada.say(&yuki, KIND).await.ok();
    let input = json!({"waifuId": yuki, "turnId": talk["turn_id"]});
    let taken_back = done(&ada, "rewind", &input).await;
    let input = json!({
        "userId": ada.id, "waifuId": yuki, "points": 30, "reason": "made up for it",
    });
    let adjusted = done(&operator, "adjustAffection", &input).await;
    for (by_graphql, by_rest) in [(&taken_back, &back), (&adjusted, &more)] {
        assert_eq!(
            (&by_graphql["turn"], &by_graphql["reply"]),
            (&Value::Null, &Value::Null)
        );
        let told = in_graphql(&shape(by_rest), by_graphql);
        for field in ["interactions", "relationship"] {
            assert_eq!(shape(&by_graphql[field]), shape(&told[field]), "{field}");
        }
    }
    let ledgers = [ada.ledger(&hana).await, ada.ledger(&yuki).await];
    let [hanas, yukis] = ledgers.map(|ledger| shape(&Value::from(ledger)));
    assert_eq!(yukis, hanas);
    let now = ada.relationship(&yuki).await;
    let standing = &adjusted["relationship"];
    assert_eq!(*standing, in_graphql(&now, standing));
}

async fn what_is_refused_has_the_code_and_the_way_out_of_rest(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.go(&hana, "chess_in_the_park").await.ok();
    operator.adjust(&ada, &hana, 60).await.ok();
    ada.choose(&hana, "first_date", "long_way").await.ok();
    let before = ada.everything_with(&hana).await;

    let gift = async |key: &str| ada.gift(&hana, key).await["id"].clone();
    let date = async |key: &str| ada.date(&hana, key).await["id"].clone();
    let occurrence = ada.event(&hana, "first_date").await["id"].clone();
    let by_rest = [
        ada.give(&hana, "red_roses")
            .await
            .problem(409, "gift_declined"),
        ada.give(&hana, "beach_parasol")
            .await
            .problem(409, "gift_declined"),
        ada.go(&hana, "late_breakfast")
            .await
            .problem(409, "date_declined"),
        ada.go(&hana, "chess_in_the_park")
            .await
            .problem(409, "date_too_soon"),
        ada.choose(&hana, "first_date", "good_night")
            .await
            .problem(409, "choice_taken"),
    ];
    let by_graphql = [
        ("giveGift", json!({"giftId": gift("red_roses").await})),
        ("giveGift", json!({"giftId": gift("beach_parasol").await})),
        ("goOnDate", json!({"dateId": date("late_breakfast").await})),
        (
            "goOnDate",
            json!({"dateId": date("chess_in_the_park").await}),
        ),
        (
            "takeChoice",
            json!({"occurrenceId": occurrence, "choice": "good_night"}),
        ),
    ];
    for ((mutation, mut input), problem) in by_graphql.into_iter().zip(by_rest) {
        input["waifuId"] = json!(hana);
        let payload = act(&ada, mutation, &input).await;
        let error = &payload["errors"][0];
        let told = json!({
            "code": problem["code"], "message": problem["detail"],
            "leastLevel": problem["least_level"], "unlock": problem["unlock"],
            "retryAt": problem["retry_at"],
        });
        assert_eq!(*error, told, "{mutation}: {payload}");
        assert_eq!(payload["interactions"], json!([]));
        assert_eq!(payload["relationship"], Value::Null);
    }
    for (mutation, input, code) in [
        ("giveGift", json!({"giftId": new_id()}), "not_found"),
        ("giveGift", json!({"giftId": "roses"}), "validation"),
        ("goOnDate", json!({"dateId": "x"}), "validation"),
        (
            "takeChoice",
            json!({"occurrenceId": new_id(), "choice": "yes"}),
            "not_found",
        ),
        (
            "takeChoice",
            json!({"occurrenceId": occurrence, "choice": "To go!"}),
            "validation",
        ),
        ("rewind", json!({"turnId": new_id()}), "not_found"),
        ("rewind", json!({"turnId": "1"}), "validation"),
        (
            "rewind",
            json!({"turnId": new_id(), "idempotencyKey": "a b"}),
            "validation",
        ),
    ] {
        for (waifu, code) in [(json!(hana), code), (json!("hana"), "validation")] {
            let mut input = input.clone();
            input["waifuId"] = waifu;
            let payload = act(&ada, mutation, &input).await;
            assert_eq!(payload["errors"][0]["code"], code, "{input}: {payload}");
        }
    }
    assert_eq!(ada.everything_with(&hana).await, before);
}

async fn one_key_at_two_doors_is_one_act(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let flowers = id_of(&ada.gift(&hana, "wildflowers").await);
    let tea = id_of(&ada.gift(&hana, "spring_tea").await);
    let chess = id_of(&ada.date(&hana, "chess_in_the_park").await);
    let same = |by_graphql: &Value, by_rest: &Value| {
        let rows = &by_graphql["interactions"];
        assert_eq!(*rows, in_graphql(&by_rest["interactions"], rows));
        assert_eq!(by_graphql["turn"]["id"], by_rest["turn"]["turn_id"]);
        let reply = &by_graphql["reply"];
        assert_eq!(*reply, in_graphql(&by_rest["reply"], reply));
    };
    let gifts = format!("/waifus/{hana}/gifts");
    let body = json!({"gift_id": flowers});
    let by_rest = ada.post_under("monday", &gifts, &body).await.ok();
    let mut input = json!({"waifuId": hana, "giftId": flowers, "idempotencyKey": "monday"});
    same(&done(&ada, "giveGift", &input).await, &by_rest);
    input["giftId"] = json!(tea);
    let payload = act(&ada, "giveGift", &input).await;
    assert_eq!(
        payload["errors"][0]["code"], "idempotency_mismatch",
        "{payload}"
    );

    // And the other way round.
    let input = json!({"waifuId": hana, "dateId": chess, "idempotencyKey": "monday"});
    let by_graphql = done(&ada, "goOnDate", &input).await;
    let dates = format!("/waifus/{hana}/dates");
    let body = json!({"date_id": chess});
    let by_rest = ada.post_under("monday", &dates, &body).await.ok();
    same(&by_graphql, &by_rest);
    assert_eq!(ada.ledger(&hana).await.len(), 2);
}

async fn an_adjustment_by_graphql_is_for_operators_too(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    let before = ada.everything_with(&hana).await;
    let input = |points: i64| {
        let reason = "made up for it";
        json!({"userId": ada.id, "waifuId": hana, "points": points, "reason": reason})
    };
    let payload = act(&ada, "adjustAffection", &input(10)).await;
    assert_eq!(payload["errors"][0]["code"], "forbidden", "{payload}");
    for points in [0, 1_001] {
        let payload = act(&operator, "adjustAffection", &input(points)).await;
        assert_eq!(payload["errors"][0]["code"], "validation", "{payload}");
    }
    let mut unknown = input(10);
    unknown["waifuId"] = json!(new_id());
    let payload = act(&operator, "adjustAffection", &unknown).await;
    assert_eq!(payload["errors"][0]["code"], "not_found", "{payload}");
    assert_eq!(ada.everything_with(&hana).await, before);

    let mut under_a_key = input(10);
    under_a_key["idempotencyKey"] = json!("ticket-7");
    let payload = done(&operator, "adjustAffection", &under_a_key).await;
    let body = adjustment(&ada, &hana, 10);
    let by_rest = operator.post_under("ticket-7", "/admin/adjustments", &body);
    let rows = &payload["interactions"];
    assert_eq!(*rows, in_graphql(&by_rest.await.ok()["interactions"], rows));
    assert_eq!(ada.relationship(&hana).await["affection"], 13);
}
