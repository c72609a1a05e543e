//! What a socket does not take.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::support::new_id;
use crate::support::socket::{Heard, Socket};
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_frame_that_can_be_read_but_not_followed_leaves_the_socket_open,
        a_frame_that_is_against_the_protocol_closes_the_socket,
        a_frame_that_is_too_large_closes_the_socket,
        a_frame_from_a_stranger_is_smaller,
        what_is_not_known_of_a_frame_is_not_read,
        too_many_frames_close_the_socket,
        a_message_in_too_many_parts_closes_the_socket,
        little_is_said_back_of_what_makes_no_sense,
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

async fn a_frame_from_a_stranger_is_smaller(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let auth = |bytes: usize| {
        let bare = json!({"type": "auth", "access_token": ada.token, "x": ""}).to_string();
        let padding = "a".repeat(bytes - bare.len());
        json!({"type": "auth", "access_token": ada.token, "x": padding}).to_string()
    };
    let mut socket = Socket::unauthenticated(&server.door, &hana).await;
    socket.send_text(&auth(4 * 1024)).await;
    socket.expect("ready").await;
    for bytes in [4 * 1024 + 1, 128 * 1024 + 1] {
        let mut socket = Socket::unauthenticated(&server.door, &hana).await;
        socket.send_text(&auth(bytes)).await;
        assert_eq!(socket.hear().await, Heard::Closed(1009), "{bytes} bytes");
    }
    let mut socket = Socket::unauthenticated(&server.door, &hana).await;
    let binary = Message::binary(vec![0; 4 * 1024 + 1]);
    socket.send_raw(binary).await;
    assert_eq!(socket.hear().await, Heard::Closed(1009));
}

async fn what_is_not_known_of_a_frame_is_not_read(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    let id = new_id();
    let frame = json!({
        "type": "message.send", "client_message_id": id, "text": "hi",
        "seq": "x", "turn_id": 7, "later": {"type": "pong"},
    });
    socket.send(&frame).await;
    let frames = socket.until("turn.done").await;
    assert_eq!(frames[0]["client_message_id"], id.as_str());
    let pong = json!({"type": "pong", "at": [1, 2, 3]});
    socket.send(&pong).await;
    socket.silent_for(Duration::from_millis(100)).await;
}

async fn too_many_frames_close_the_socket(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, ready) = Socket::ready(&ada, &hana).await;
    let limit = ready["limits"]["frames_per_minute"].as_u64().unwrap();
    assert_eq!(limit, 60);
    for _ in 0..limit - 1 {
        socket.send(&json!({"type": "pong"})).await;
    }
    socket.send(&json!({"type": "one.more"})).await;
    socket.expect("error").await;
    socket.send(&json!({"type": "pong"})).await;
    let error = socket.expect("error").await;
    let told = (&error["code"], &error["retryable"]);
    assert_eq!(told, (&json!("rate_limited"), &json!(true)), "{error}");
    let after = error["retry_after_ms"].as_u64().unwrap();
    assert!((30_000..=60_000).contains(&after), "{error}");
    assert_eq!(socket.hear().await, Heard::Closed(4429));
}

async fn a_message_in_too_many_parts_closes_the_socket(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, ready) = Socket::ready(&ada, &hana).await;
    let part = |kind| Message::Frame(Frame::message("", OpCode::Data(kind), false));
    socket.send_raw(part(Data::Text)).await;
    for _ in 0..ready["limits"]["frames_per_minute"].as_u64().unwrap() {
        socket.send_raw(part(Data::Continue)).await;
    }
    socket.expect("error").await;
    assert_eq!(socket.hear().await, Heard::Closed(4429));
}

async fn little_is_said_back_of_what_makes_no_sense(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    let long = "é".repeat(30_000);
    for frame in [
        json!({"type": long}),
        json!({"type": "turn.cancel", "turn_id": long}),
        json!({"type": "message.send", "client_message_id": new_id(), "text": {long.clone(): long}}),
    ] {
        socket.send(&frame).await;
        let error = socket.expect("error").await;
        assert!(error.to_string().len() < 2_000, "{error}");
    }
}
