//! Pings, and what becomes of those who do not answer.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use crate::support::socket::{Heard, Socket};
use crate::support::world::World;

const EVERY_SECOND: [(&str, &str); 2] = [
    ("WAIFU__CHAT__HEARTBEAT_SECONDS", "1"),
    ("WAIFU__CHAT__PONG_SECONDS", "1"),
];

scenarios! {
    everywhere: [
        who_does_not_answer_a_ping_is_closed,
        who_answers_stays,
        a_ping_of_the_socket_itself_is_answered,
    ],
}

async fn who_does_not_answer_a_ping_is_closed(world: World) {
    let server = world.server_with(&EVERY_SECOND).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, ready) = Socket::ready(&ada, &hana).await;
    assert_eq!(ready["heartbeat_ms"], 1_000);
    let start = Instant::now();
    socket.expect("ping").await;
    assert_eq!(socket.hear().await, Heard::Closed(4504));
    let waited = start.elapsed();
    assert!((1_800..5_000).contains(&waited.as_millis()), "{waited:?}");
}

async fn who_answers_stays(world: World) {
    let server = world.server_with(&EVERY_SECOND).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    // Any frame is a sign of life, one that makes no sense too.
    for answer in ["pong", "pong", "hiccup", "pong"] {
        socket.expect("ping").await;
        socket.send(&json!({"type": answer})).await;
        if answer == "hiccup" {
            socket.expect("error").await;
        }
    }
    socket.say("hello").await;
    assert_eq!(
        socket.until("turn.done").await.last().unwrap()["status"],
        "completed"
    );
}

async fn a_ping_of_the_socket_itself_is_answered(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let mut socket = Socket::unauthenticated(&server.door, &hana).await;
    let ping = Message::Ping(b"before".as_slice().into());
    socket.send_raw(ping).await;
    assert_eq!(socket.hear().await, Heard::Pong(b"before".to_vec()));
    socket
        .send(&json!({"type": "auth", "access_token": ada.token}))
        .await;
    socket.expect("ready").await;
    let ping = Message::Ping(b"after".as_slice().into());
    socket.send_raw(ping).await;
    assert_eq!(
        socket.hear_within(Duration::from_secs(5)).await,
        Some(Heard::Pong(b"after".to_vec()))
    );
}
