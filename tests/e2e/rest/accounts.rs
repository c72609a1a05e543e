//! Signing up, in, and on.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::rest::{Answer, Door, PASSWORD, User};
use crate::support::shape::shape;
use crate::support::world::World;

scenarios! {
    everywhere: [
        whoever_registers_is_signed_in_and_can_sign_in_again,
        a_refresh_token_buys_the_next_pair_and_works_once_more_for_a_lost_answer,
        a_wrong_password_and_an_unknown_name_are_answered_alike,
        a_name_is_taken_whatever_its_capitals,
        all_bad_fields_are_reported_at_once,
        a_name_that_many_want_at_once_is_one_persons,
        a_refresh_token_that_is_used_many_times_at_once_buys_two_pairs,
    ],
}

async fn refresh(door: &Door, token: &str) -> Answer {
    door.post("/auth/refresh", &json!({"refresh_token": token}))
        .await
}

fn refresh_token(answer: &Answer) -> String {
    answer.ok()["refresh_token"].as_str().unwrap().to_owned()
}

async fn whoever_registers_is_signed_in_and_can_sign_in_again(world: World) {
    let server = world.server().await;
    let account =
        json!({"username": "Ada_1", "password": PASSWORD, "display_name": "Ada Lovelace"});
    let registered = server.door.post("/auth/register", &account).await.created();
    insta::assert_json_snapshot!("tokens", shape(&registered));

    let again = User::log_in(&server.door, "ada_1").await;
    assert_eq!(registered["user"]["id"], again.id.as_str());
    let mut profile = registered["user"].clone();
    profile["time_zone"] = json!("UTC");
    for unsaid in ["birthday", "pronouns", "locale", "persona"] {
        profile[unsaid] = Value::Null;
    }
    assert_eq!(again.get("/me").await.ok(), profile);
}

async fn a_refresh_token_buys_the_next_pair_and_works_once_more_for_a_lost_answer(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let door = &server.door;
    let first = ada.refresh_token.as_str();
    let second = refresh_token(&refresh(door, first).await);
    assert_ne!(first, second);
    // The answer was lost, so the client comes with the one before: its token replaces the lost one.
    let bought = refresh(door, first).await;
    let third = refresh_token(&bought);
    let token = bought.ok()["access_token"].as_str().unwrap().to_owned();
    let again = User {
        token,
        ..ada.clone()
    };
    assert_eq!(again.get("/me").await.ok()["id"], ada.id.as_str());

    refresh(door, first).await.problem(401, "unauthenticated");
    refresh(door, "nonsense")
        .await
        .problem(401, "unauthenticated");
    // The lost token was nobody's: whoever shows it was told it by a thief, so the session ends.
    refresh(door, &second).await.problem(401, "unauthenticated");
    refresh(door, &third).await.problem(401, "unauthenticated");
}

async fn a_wrong_password_and_an_unknown_name_are_answered_alike(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let log_in = async |name: &str, password: &str| {
        server
            .door
            .post(
                "/auth/login",
                &json!({"username": name, "password": password}),
            )
            .await
    };
    assert_eq!(log_in(&ada.name, PASSWORD).await.status, 200);
    let wrong = log_in(&ada.name, "a wrong password")
        .await
        .problem(401, "unauthenticated");
    for (name, password) in [
        ("nobody-else", PASSWORD),
        ("!", PASSWORD),
        (&ada.name, "short"),
        ("demo", "!"),
    ] {
        assert_eq!(
            log_in(name, password).await.problem(401, "unauthenticated"),
            wrong,
            "{name} {password}"
        );
    }
}

async fn a_name_is_taken_whatever_its_capitals(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    for name in [ada.name.clone(), ada.name.to_uppercase()] {
        let account = json!({"username": name, "password": PASSWORD});
        server
            .door
            .post("/auth/register", &account)
            .await
            .problem(409, "name_taken");
    }
}

async fn all_bad_fields_are_reported_at_once(world: World) {
    let server = world.server().await;
    let account = json!({"username": "x", "password": "short", "display_name": ""});
    let problem = server
        .door
        .post("/auth/register", &account)
        .await
        .problem(422, "validation");
    insta::assert_json_snapshot!("three_bad_fields", shape(&problem));

    let bodies: [(Value, &str); 4] = [
        (
            json!({"username": "ada", "password": PASSWORD, "admin": true}),
            "admin",
        ),
        (json!({"username": "ada"}), "password"),
        (json!({"username": 7, "password": PASSWORD}), "string"),
        (json!({"username": "a\u{0}da", "password": PASSWORD}), "a-z"),
    ];
    for (body, told) in bodies {
        let problem = server
            .door
            .post("/auth/register", &body)
            .await
            .problem(422, "validation");
        let detail = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains(told), "{problem}");
    }
}

fn with_status(answers: &[Answer], status: u16) -> usize {
    answers
        .iter()
        .filter(|answer| answer.status == status)
        .count()
}

async fn a_name_that_many_want_at_once_is_one_persons(world: World) {
    let server = world.server().await;
    let account = json!({"username": "ada", "password": PASSWORD});
    let answers = join_all((0..8).map(|_| server.door.post("/auth/register", &account))).await;
    let counts = (with_status(&answers, 201), with_status(&answers, 409));
    assert_eq!(counts, (1, 7), "{answers:?}");
}

/// The second is that of a lost answer; from the third on somebody else may hold a copy.
async fn a_refresh_token_that_is_used_many_times_at_once_buys_two_pairs(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let uses = (0..6).map(|_| refresh(&server.door, &ada.refresh_token));
    let answers = join_all(uses).await;
    let counts = (with_status(&answers, 200), with_status(&answers, 401));
    assert_eq!(counts, (2, 4), "{answers:?}");
}
