//! A socket lives no longer than its credential.

use std::time::Duration;

use serde_json::json;

use crate::support::forged::{claims_of, header, key_of, sign};
use crate::support::rest::User;
use crate::support::server::Server;
use crate::support::socket::{Heard, Socket};
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_socket_closes_when_its_token_expires,
        a_fresh_token_keeps_a_socket_open,
    ],
}

/// The same user with a token that expires so many seconds after the first one was issued.
fn expiring(server: &Server, user: &User, seconds: i64) -> User {
    let mut claims = claims_of(&user.token);
    claims["exp"] = json!(claims["iat"].as_i64().unwrap() + seconds);
    let token = sign(&key_of(server.place.folder()), &header(), &claims);
    User {
        token,
        ..user.clone()
    }
}

async fn a_socket_closes_when_its_token_expires(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&expiring(&server, &ada, 3), &hana).await;
    let heard = socket.hear_within(Duration::from_secs(10)).await;
    assert_eq!(heard, Some(Heard::Closed(4401)));
}

async fn a_fresh_token_keeps_a_socket_open(world: World) {
    let server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&expiring(&server, &ada, 8), &hana).await;
    let expired = expiring(&server, &ada, -3_600).token;
    for (token, code) in [
        (bob.token.as_str(), "forbidden"),
        ("garbage", "unauthenticated"),
        (&expired, "unauthenticated"),
        (&ada.refresh_token, "unauthenticated"),
    ] {
        socket
            .send(&json!({"type": "auth.refresh", "access_token": token}))
            .await;
        assert_eq!(socket.expect("error").await["code"], code);
    }
    socket
        .send(&json!({"type": "auth.refresh", "access_token": ada.token}))
        .await;
    socket.silent_for(Duration::from_secs(9)).await;
    socket.say("still here").await;
    socket.until("turn.done").await;

    socket
        .send(&json!({"type": "auth", "access_token": ada.token}))
        .await;
    assert_eq!(socket.closed().await, 4400);
}
