//! What ends a session, and what then becomes of all that it had opened.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::support::graphql_socket::GraphqlSocket;
use crate::support::rest::{Answer, PASSWORD, User, send};
use crate::support::socket::{Heard, Socket};
use crate::support::world::World;

scenarios! {
    everywhere: [
        whoever_signs_out_is_out_and_his_other_sessions_are_not,
        whoever_signs_out_everywhere_is_out_everywhere,
        a_new_password_ends_all_other_sessions,
        whoever_guesses_is_slowed_down_and_nobody_is_locked_out,
        whoever_is_suspended_is_kept_out_until_he_is_not,
        a_refresh_token_from_long_ago_ends_its_family,
        sockets_with_a_companion_who_is_deleted_are_closed,
    ],
}

/// Of a socket whose right is taken away.
const CLOSED_WITHIN: Duration = Duration::from_secs(5);
const ANOTHER_PASSWORD: &str = "battery horse correct";

async fn refresh(user: &User) -> Answer {
    let body = json!({"refresh_token": user.refresh_token});
    user.door.post("/auth/refresh", &body).await
}

async fn sign_out(user: &User) {
    let out = send(user.request("POST", "/auth/logout")).await;
    assert_eq!((out.status, out.text.as_str()), (204, ""));
}

async fn assert_is_out(user: &User) {
    user.get("/me").await.problem(401, "unauthenticated");
    refresh(user).await.problem(401, "unauthenticated");
}

async fn assert_is_in(user: &User) {
    assert_eq!(user.get("/me").await.ok()["id"], user.id.as_str());
}

async fn assert_closed(socket: &mut Socket, code: u16) {
    let start = Instant::now();
    assert_eq!(socket.closed().await, code);
    assert!(start.elapsed() < CLOSED_WITHIN, "{:?}", start.elapsed());
}

async fn whoever_signs_out_is_out_and_his_other_sessions_are_not(world: World) {
    let server = world.server().await;
    let phone = server.user().await;
    let laptop = User::log_in(&server.door, &phone.name).await;
    let hana = phone.companion().await;
    let (mut chat, _) = Socket::ready(&phone, &hana).await;
    let mut graphql = GraphqlSocket::of(&phone).await;
    let (mut stays, _) = Socket::ready(&laptop, &hana).await;
    sign_out(&phone).await;
    assert_is_out(&phone).await;
    assert_closed(&mut chat, 4410).await;
    assert_closed(&mut graphql.socket, 4410).await;
    assert_is_in(&laptop).await;
    stays.say("still here").await;
    stays.until("turn.done").await;
    sign_out(&laptop).await;
    assert_is_out(&laptop).await;
}

async fn whoever_signs_out_everywhere_is_out_everywhere(world: World) {
    let server = world.server().await;
    let phone = server.user().await;
    let laptop = User::log_in(&server.door, &phone.name).await;
    let bob = server.user().await;
    let out = send(laptop.request("POST", "/auth/logout-all")).await;
    assert_eq!(out.status, 204);
    assert_is_out(&phone).await;
    assert_is_out(&laptop).await;
    assert_is_in(&bob).await;
    assert_is_in(&User::log_in(&server.door, &phone.name).await).await;
}

async fn a_new_password_ends_all_other_sessions(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let thief = User::log_in(&server.door, &ada.name).await;
    let change = async |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        ada.post("/auth/password", &body).await
    };
    for (current, new, pointer) in [
        ("a wrong password", ANOTHER_PASSWORD, "/current_password"),
        ("short", ANOTHER_PASSWORD, "/current_password"),
        (PASSWORD, "short", "/new_password"),
    ] {
        let problem = change(current, new).await.problem(422, "validation");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
    assert_is_in(&thief).await;
    assert_eq!(change(PASSWORD, ANOTHER_PASSWORD).await.status, 204);
    assert_is_out(&thief).await;
    assert_is_in(&ada).await;
    let log_in = async |password: &str| {
        let account = json!({"username": ada.name, "password": password});
        server.door.post("/auth/login", &account).await
    };
    log_in(PASSWORD).await.problem(401, "unauthenticated");
    log_in(ANOTHER_PASSWORD).await.ok();
}

async fn whoever_is_suspended_is_kept_out_until_he_is_not(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut chat, _) = Socket::ready(&ada, &hana).await;
    let mut graphql = GraphqlSocket::of(&ada).await;
    let path = format!("/admin/users/{}/suspension", ada.id);
    let nobody = format!("/admin/users/{hana}/suspension");
    let put = async |by: &User, path: &str| send(by.request("PUT", path)).await;
    put(&ada, &path).await.problem(403, "forbidden");
    put(&operator, &nobody).await.problem(404, "not_found");
    for _ in 0..2 {
        assert_eq!(put(&operator, &path).await.status, 204);
    }
    ada.get("/me").await.problem(403, "suspended");
    refresh(&ada).await.problem(403, "suspended");
    let account = |password: &str| json!({"username": ada.name, "password": password});
    let log_in = async |password: &str| server.door.post("/auth/login", &account(password)).await;
    log_in(PASSWORD).await.problem(403, "suspended");
    // Only who knows the password is told.
    log_in("a wrong password")
        .await
        .problem(401, "unauthenticated");
    assert_closed(&mut chat, 4403).await;
    assert_closed(&mut graphql.socket, 4403).await;
    let mut again = Socket::unauthenticated(&server.door, &hana).await;
    let auth = json!({"type": "auth", "access_token": ada.token});
    again.send(&auth).await;
    assert_eq!(again.hear().await, Heard::Closed(4403));

    for _ in 0..2 {
        assert_eq!(operator.delete(&path).await.status, 204);
    }
    assert_is_in(&ada).await;
    refresh(&ada).await.ok();
}

async fn a_refresh_token_from_long_ago_ends_its_family(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let stolen = ada.clone();
    let mut current = ada.clone();
    for _ in 0..3 {
        let tokens = refresh(&current).await.ok();
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        (current.token, current.refresh_token) = (text("access_token"), text("refresh_token"));
    }
    assert_is_in(&current).await;
    refresh(&stolen).await.problem(401, "unauthenticated");
    refresh(&current).await.problem(401, "unauthenticated");
    assert_is_out(&current).await;
}

async fn sockets_with_a_companion_who_is_deleted_are_closed(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let (hana, yuki) = (ada.companion().await, ada.companion().await);
    let (mut with_hana, _) = Socket::ready(&ada, &hana).await;
    let (mut with_yuki, _) = Socket::ready(&ada, &yuki).await;
    assert_eq!(ada.delete(&format!("/waifus/{hana}")).await.status, 204);
    assert_closed(&mut with_hana, 4410).await;
    with_yuki.say("you are still here").await;
    with_yuki.until("turn.done").await;
}

async fn whoever_guesses_is_slowed_down_and_nobody_is_locked_out(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let log_in = async |name: &str, password: &str| {
        let account = json!({"username": name, "password": password});
        let start = Instant::now();
        let answer = server.door.post("/auth/login", &account).await;
        (answer, start.elapsed())
    };
    for name in [&ada.name, "nobody-of-this-name"] {
        for _ in 0..3 {
            let (answer, _) = log_in(name, "a wrong password").await;
            answer.problem(401, "unauthenticated");
        }
        let (answer, took) = log_in(name, "a wrong password").await;
        answer.problem(401, "unauthenticated");
        assert!(took > Duration::from_secs(1), "{took:?}");
    }
    let (first, second) = tokio::join!(log_in(&ada.name, PASSWORD), log_in(&ada.name, PASSWORD));
    // They wait for each other, and both get in.
    first.0.ok();
    second.0.ok();
}
