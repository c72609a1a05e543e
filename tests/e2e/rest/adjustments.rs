//! What an operator corrects.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::acts::{adjustment, row_of};
use crate::support::chat::{KIND, change_of};
use crate::support::new_id;
use crate::support::operators::{refused, succeeded};
use crate::support::rest::User;
use crate::support::world::World;

scenarios! {
    everywhere: [
        an_adjustment_is_for_operators,
        an_adjustment_knows_no_cap_and_obeys_the_bounds,
        the_user_sees_why_and_not_who,
        an_adjustment_that_makes_no_sense_is_refused_and_leaves_no_trace,
        an_adjustment_under_a_key_is_made_once,
        one_key_for_two_companions_at_once_corrects_one,
        what_was_with_somebody_who_is_gone_can_be_corrected,
        an_operator_is_one_until_that_is_taken_back,
    ],
}

async fn an_adjustment_is_for_operators(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    let before = ada.everything_with(&hana).await;
    // Nor does a user learn what would be wrong with it.
    for body in [adjustment(&ada, &hana, 10), json!({"points": 0})] {
        let answer = ada.post("/admin/adjustments", &body).await;
        answer.problem(403, "forbidden");
    }
    assert_eq!(ada.everything_with(&hana).await, before);
}

async fn an_adjustment_knows_no_cap_and_obeys_the_bounds(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    for (points, moves, level) in [
        (400, 400, 6),
        (1_000, 597, 6),
        (-1_000, -1_000, 1),
        (2, 2, 1),
    ] {
        let done = operator.adjust(&ada, &hana, points).await.ok();
        let row = row_of(&done);
        assert_eq!(change_of(&row), moves, "{points}: {row}");
        assert_eq!(row["requested_change"], points);
        assert_eq!(
            (&row["kind"], &row["level_after"]),
            (&json!("adjustment"), &json!(level))
        );
        assert_eq!(done["relationship"], ada.relationship(&hana).await);
        assert_eq!(
            (&done["turn"], &done["reply"]),
            (&Value::Null, &Value::Null)
        );
    }
    assert_eq!(ada.history(&hana).await.len(), 2);
}

async fn the_user_sees_why_and_not_who(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    operator.adjust(&ada, &hana, 10).await.ok();
    let row = &ada.ledger(&hana).await[0];
    assert_eq!(row["content"], "made up for it");
    let cause = json!({"type": "operator", "reason": "made up for it"});
    assert_eq!(row["cause"], cause);
    let everything = ada.everything_with(&hana).await.to_string();
    assert!(!everything.contains(&operator.id), "{everything}");
    // The operator has no relationship of his own with her.
    operator
        .get(&format!("/waifus/{hana}/relationship"))
        .await
        .problem(404, "not_found");
}

async fn an_adjustment_that_makes_no_sense_is_refused_and_leaves_no_trace(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let mina = ada.public_companion().await;
    ada.say(&mina, KIND).await.ok();
    let before = ada.everything_with(&mina).await;
    let good = adjustment(&ada, &mina, 10);
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    for (body, pointer) in [
        (with("points", json!(0)), "/points"),
        (with("points", json!(1_001)), "/points"),
        (with("points", json!(-1_001)), "/points"),
        (with("points", json!("ten")), "/points"),
        (with("reason", json!("")), "/reason"),
        (with("reason", json!("x".repeat(501))), "/reason"),
        (with("user_id", json!("ada")), "/user_id"),
        (with("note", json!("x")), "/note"),
    ] {
        let problem = operator.post("/admin/adjustments", &body).await;
        let problem = problem.problem(422, "validation");
        assert_eq!(
            problem["errors"][0]["pointer"], pointer,
            "{body}: {problem}"
        );
    }
    // Those two have never met, and these are nobody.
    let unknown = [
        adjustment(&bob, &mina, 10),
        with("user_id", json!(new_id())),
        with("waifu_id", json!(new_id())),
    ];
    for body in unknown {
        let answer = operator.post("/admin/adjustments", &body).await;
        answer.problem(404, "not_found");
    }
    assert_eq!(ada.everything_with(&mina).await, before);
    assert_eq!(bob.relationship(&mina).await["version"], 0);
}

async fn an_adjustment_under_a_key_is_made_once(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let (hana, yuki) = (ada.companion().await, ada.companion().await);
    for waifu in [&hana, &yuki] {
        ada.say(waifu, KIND).await.ok();
    }
    let adjust = async |waifu: &str, points: i32| {
        let body = adjustment(&ada, waifu, points);
        operator
            .post_under("ticket-7", "/admin/adjustments", &body)
            .await
    };
    let first = adjust(&hana, 10).await.ok();
    let again = adjust(&hana, 10).await.ok();
    assert_eq!(again, first);
    for (waifu, points) in [(&hana, 11), (&yuki, 10)] {
        adjust(waifu, points)
            .await
            .problem(422, "idempotency_mismatch");
    }
    assert_eq!(ada.relationship(&hana).await["affection"], 13);
    assert_eq!(ada.relationship(&yuki).await["affection"], 3);
}

async fn one_key_for_two_companions_at_once_corrects_one(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let (hana, yuki) = (ada.companion().await, ada.companion().await);
    for waifu in [&hana, &yuki] {
        ada.say(waifu, KIND).await.ok();
    }
    let bodies = [&hana, &yuki].map(|waifu| adjustment(&ada, waifu, 10));
    let at_once = bodies.iter().cycle().take(16);
    let at_once = at_once.map(|body| operator.post_under("ticket-7", "/admin/adjustments", body));
    let answers = join_all(at_once).await;
    for pair in answers.chunks(2) {
        let mut statuses = [pair[0].status, pair[1].status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422], "{pair:#?}");
    }
    let mut affection = Vec::new();
    for waifu in [&hana, &yuki] {
        affection.push(ada.relationship(waifu).await["affection"].clone());
    }
    affection.sort_by_key(Value::as_i64);
    assert_eq!(affection, [3, 13]);
}

async fn what_was_with_somebody_who_is_gone_can_be_corrected(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    ada.delete(&format!("/waifus/{hana}")).await;
    operator.adjust(&ada, &hana, 10).await.ok();
    assert_eq!(ada.relationship(&hana).await["affection"], 13);
}

async fn an_operator_is_one_until_that_is_taken_back(world: World) {
    let mut server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    let roles = async |user: &User| user.get("/me").await.ok()["roles"].clone();
    for (command, says, role, status) in [
        ("grant", "is an operator", "operator", 200),
        ("grant", "is an operator", "operator", 200),
        ("revoke", "is no operator", "user", 403),
        ("revoke", "is no operator", "user", 403),
    ] {
        // In whatever capitals.
        let name = ada.name.to_uppercase();
        let said = succeeded(&server.command(&["operator", command, &name]).await);
        assert_eq!(said.trim(), format!("{} {says}", ada.name));
        // The token is from before, and the right is not in it.
        let ada = ada.through(&server.door);
        assert_eq!(roles(&ada).await, json!([role]));
        assert_eq!(ada.adjust(&ada, &hana, 1).await.status, status, "{command}");
    }
    let output = server.command(&["operator", "grant", "nobody-here"]).await;
    refused(&output, &["nobody-here"]);
    for name in ["!", ""] {
        let output = server.command(&["operator", "grant", name]).await;
        assert!(!output.status.success());
    }
    let ada = ada.through(&server.door);
    assert_eq!(ada.relationship(&hana).await["affection"], 5);
}
