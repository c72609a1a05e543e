//! What a socket does not take.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::support::new_id;
use crate::support::socket::Socket;
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_frame_that_can_be_read_but_not_followed_leaves_the_socket_open,
        a_frame_that_is_against_the_protocol_closes_the_socket,
        a_frame_that_is_too_large_closes_the_socket,
        too_many_frames_close_the_socket,
    ],
}

async fn a_frame_that_can_be_read_but_not_followed_leaves_the_socket_open(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    let say = |id: Value, text: Value| json!({"type": "message.send", "client_message_id": id, "text": text});
    let id = new_id();
    for (frame, code, about) in [
        (json!({"type": "turn.dance"}), "unknown_type", Value::Null),
        (json!({"type": "ready"}), "unknown_type", Value::Null),
        (json!({"type": "message.send"}), "validation", Value::Null),
        (say(json!("1"), json!("hi")), "validation", Value::Null),
        (say(json!(id), json!(7)), "validation", Value::Null),
        (say(json!(id), json!("")), "validation", json!(id)),
        (
            say(json!(id), json!("é".repeat(8_001))),
            "validation",
            json!(id),
        ),
        (say(json!(id), json!("a\u{0}b")), "validation", json!(id)),
        (
            json!({"type": "turn.sync", "turn_id": id}),
            "not_found",
            json!(id),
        ),
        (
            json!({"type": "auth.refresh", "access_token": "x"}),
            "unauthenticated",
            Value::Null,
        ),
    ] {
        socket.send(&frame).await;
        let error = socket.expect("error").await;
        assert_eq!(
            (&error["code"], &error["ref"]),
            (&json!(code), &about),
            "{frame}: {error}"
        );
        assert_eq!(error["retryable"], false, "{error}");
        assert!(!error["message"].as_str().unwrap().is_empty(), "{error}");
        assert_eq!(error.get("seq"), None, "{error}");
    }
    assert!(ada.history(&hana).await.is_empty());
    // The longest message there is, in its longest spelling.
    let escaped = "\\ud83c\\udf38".repeat(8_000);
    let frame = format!(
        "{{\"type\":\"message.send\",\"client_message_id\":\"{id}\",\"text\":\"{escaped}\"}}"
    );
    socket.send_text(&frame).await;
    socket.until("turn.done").await;
    assert_eq!(ada.history(&hana).await[1]["text"], "🌸".repeat(8_000));
}

async fn a_frame_that_is_against_the_protocol_closes_the_socket(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    for text in [
        "{\"type\":",
        "",
        "[]",
        "7",
        "\"pong\"",
        "{}",
        "{\"type\":7}",
        "{\"type\":\"pong\"} x",
    ] {
        let (mut socket, _) = Socket::ready(&ada, &hana).await;
        socket.send_text(text).await;
        assert_eq!(socket.closed().await, 4400, "{text:?}");
    }
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    socket
        .send_raw(Message::binary(b"{\"type\":\"pong\"}".as_slice()))
        .await;
    assert_eq!(socket.closed().await, 4400);
}

async fn a_frame_that_is_too_large_closes_the_socket(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let frame = |bytes: usize| {
        let rest = "{\"type\":\"pong\",\"x\":\"\"}".len();
        format!(
            "{{\"type\":\"pong\",\"x\":\"{}\"}}",
            "a".repeat(bytes - rest)
        )
    };
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    socket.send_text(&frame(128 * 1024)).await;
    socket.say("that was just right").await;
    socket.until("turn.done").await;
    for bytes in [128 * 1024 + 1, 1024 * 1024] {
        let (mut socket, _) = Socket::ready(&ada, &hana).await;
        socket.send_text(&frame(bytes)).await;
        assert_eq!(socket.closed().await, 1009, "{bytes} bytes");
    }
}

async fn too_many_frames_close_the_socket(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, ready) = Socket::ready(&ada, &hana).await;
    let limit = ready["limits"]["frames_per_minute"].as_u64().unwrap();
    for _ in 0..limit - 1 {
        socket.send(&json!({"type": "pong"})).await;
    }
    socket.send(&json!({"type": "one.more"})).await;
    socket.expect("error").await;
    socket.send(&json!({"type": "pong"})).await;
    assert_eq!(socket.closed().await, 4429);
}
