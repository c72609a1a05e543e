//! The frames that a client of the chat socket may send, as the protocol's document lists them.

use serde_json::{Value, json};

use super::Cast;
use crate::support::new_id;
use crate::support::socket::{Heard, Socket};
use crate::support::world::World;

scenarios! {
    everywhere: [
        every_frame_of_a_stranger_is_refused_and_none_reaches_what_is_anothers,
    ],
}

const PROTOCOL: &str = include_str!("../../../docs/chat-protocol.md");

/// The types in the first table: what a client sends.
fn types() -> Vec<&'static str> {
    let table = PROTOCOL.split("\n## ").nth(1).expect("a first section");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split('`').next().expect("a type"))
        .collect()
}

/// A frame that names what is Ada's, and the code of what Bob is told on a socket of his own; `None`: nothing.
fn case(cast: &Cast, kind: &str) -> (Value, Option<&'static str>) {
    let turn = cast.fill("<turn>");
    match kind {
        "auth" => (
            json!({"type": "auth", "access_token": cast.bob.token}),
            Some(""),
        ),
        "auth.refresh" => (
            json!({"type": "auth.refresh", "access_token": cast.ada.token}),
            Some("forbidden"),
        ),
        "message.send" => (
            json!({"type": "message.send", "client_message_id": new_id(), "text": "hello"}),
            None,
        ),
        "turn.cancel" => (
            json!({"type": "turn.cancel", "turn_id": turn}),
            Some("not_found"),
        ),
        "turn.sync" => (
            json!({"type": "turn.sync", "turn_id": turn}),
            Some("not_found"),
        ),
        "pong" => (json!({"type": "pong"}), None),
        other => panic!("{other} has no case here"),
    }
}

async fn every_frame_of_a_stranger_is_refused_and_none_reaches_what_is_anothers(world: World) {
    let server = world.server().await;
    let cast = Cast::of(&server).await;
    let before = cast.adas().await;
    let his = cast.bob.companion().await;
    let types = types();
    assert_eq!(types.len(), 6, "{types:?}");
    for kind in types {
        let (frame, code) = case(&cast, kind);
        if kind == "auth" {
            // With his own right to somebody who is not his, and with none at all.
            for (token, close) in [(cast.bob.token.as_str(), 4404), ("nonsense", 4401)] {
                let mut socket = Socket::unauthenticated(&server.door, &cast.hana).await;
                socket
                    .send(&json!({"type": "auth", "access_token": token}))
                    .await;
                assert_eq!(socket.hear().await, Heard::Closed(close), "{token}");
            }
            continue;
        }
        let mut stranger = Socket::unauthenticated(&server.door, &cast.hana).await;
        stranger.send(&frame).await;
        assert_eq!(stranger.hear().await, Heard::Closed(4400), "{kind}");

        let (mut socket, _) = Socket::ready(&cast.bob, &his).await;
        socket.send(&frame).await;
        if let Some(code) = code {
            let told = socket.expect("error").await;
            assert_eq!(told["code"], code, "{told}");
            cast.assert_tells_nothing(kind, &told.to_string(), &frame.to_string());
        } else if kind == "message.send" {
            for told in socket.until("turn.done").await {
                cast.assert_tells_nothing(kind, &told.to_string(), &frame.to_string());
            }
        }
    }
    assert_eq!(cast.adas().await, before);
}
