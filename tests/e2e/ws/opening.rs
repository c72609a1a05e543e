//! From a request to a socket that is ready.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::chat::KIND;
use crate::support::new_id;
use crate::support::shape::shape;
use crate::support::socket::{Heard, Socket};
use crate::support::world::{Model, World};

scenarios! {
    everywhere: [
        a_socket_opens_by_a_header_or_by_its_first_frame,
        a_socket_is_told_where_the_two_stand,
        a_socket_without_a_good_credential_is_closed,
        a_socket_to_nobody_is_closed,
        the_subprotocol_is_the_one_that_is_spoken,
        a_page_of_a_foreign_origin_gets_no_socket,
    ],
}

async fn a_socket_opens_by_a_header_or_by_its_first_frame(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (_, by_header) = Socket::ready(&ada, &hana).await;
    let mut socket = Socket::unauthenticated(&server.door, &hana).await;
    socket.silent_for(Duration::from_millis(100)).await;
    socket
        .send(&json!({"type": "auth", "access_token": ada.token, "from_the_future": 1}))
        .await;
    let by_frame = socket.expect("ready").await;

    insta::assert_json_snapshot!("ready", shape(&by_header));
    assert_eq!(shape(&by_frame), shape(&by_header));
    let companion = if world.model == Model::Offline {
        "offline"
    } else {
        "model"
    };
    assert_eq!(by_header["companion"], companion);
    assert_ne!(by_frame["session_id"], by_header["session_id"]);
    socket.say("hello").await;
    socket.until("turn.done").await;
}

async fn a_socket_is_told_where_the_two_stand(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (_, ready) = Socket::ready(&ada, &hana).await;
    assert_eq!((&ready["epoch"], &ready["seq"]), (&Value::Null, &json!(0)));
    ada.say(&hana, KIND).await.ok();
    let (_, ready) = Socket::ready(&ada, &hana).await;
    assert!(ready["epoch"].is_string());
    assert_eq!(ready["seq"], 5);
    assert_eq!(
        ready["waifu"],
        ada.get(&format!("/waifus/{hana}")).await.ok()
    );
    assert_eq!(ready["relationship"], ada.relationship(&hana).await);
}

async fn a_socket_without_a_good_credential_is_closed(world: World) {
    let server = world
        .server_with(&[("WAIFU__CHAT__AUTH_SECONDS", "1")])
        .await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let door = &server.door;

    let mut silent = Socket::unauthenticated(door, &hana).await;
    assert_eq!(silent.hear().await, Heard::Closed(4408));

    for (first, code) in [
        (json!({"type": "auth", "access_token": "garbage"}), 4401),
        (
            json!({"type": "auth", "access_token": ada.refresh_token}),
            4401,
        ),
        (json!({"type": "auth"}), 4400),
        (
            json!({"type": "message.send", "client_message_id": new_id(), "text": "hi"}),
            4400,
        ),
        (json!({"type": "nonsense"}), 4400),
        (
            json!({"type": "auth", "access_token": "a".repeat(5_000)}),
            1009,
        ),
    ] {
        let mut socket = Socket::unauthenticated(door, &hana).await;
        socket.send(&first).await;
        assert_eq!(socket.hear().await, Heard::Closed(code), "{first}");
    }
    for header in ["Bearer garbage", "Basic YTpi", "Bearer"] {
        let (status, problem) = Socket::open(door, &hana, &[("Authorization", header)])
            .await
            .unwrap_err();
        assert_eq!(status, 401, "{header}: {problem}");
        assert!(problem.contains("unauthenticated"), "{header}: {problem}");
    }
    assert!(ada.history(&hana).await.is_empty());
}

async fn a_socket_to_nobody_is_closed(world: World) {
    let server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let (hers, his) = (ada.companion().await, bob.companion().await);
    for nobody in [new_id(), his] {
        assert_eq!(
            Socket::of(&ada, &nobody).await.hear().await,
            Heard::Closed(4404)
        );
    }
    ada.delete(&format!("/waifus/{hers}")).await;
    assert_eq!(
        Socket::of(&ada, &hers).await.hear().await,
        Heard::Closed(4410)
    );
    let (status, problem) = Socket::open(&server.door, "hana", &[]).await.unwrap_err();
    assert_eq!(status, 422, "{problem}");
}

async fn the_subprotocol_is_the_one_that_is_spoken(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let bearer = format!("Bearer {}", ada.token);
    let offering = async |offered: &str| {
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Sec-WebSocket-Protocol", offered),
        ];
        Socket::open(&server.door, &hana, &headers).await
    };
    for offered in ["waifu.chat.v1", "waifu.chat.v9, waifu.chat.v1"] {
        let mut socket = offering(offered).await.unwrap();
        assert_eq!(socket.protocol.as_deref(), Some("waifu.chat.v1"));
        socket.expect("ready").await;
    }
    let mut none_offered = Socket::of(&ada, &hana).await;
    assert_eq!(none_offered.protocol, None);
    none_offered.expect("ready").await;
    for unknown in ["waifu.chat.v9", "graphql-transport-ws, soap"] {
        assert_eq!(offering(unknown).await.unwrap_err().0, 400, "{unknown}");
    }
}

async fn a_page_of_a_foreign_origin_gets_no_socket(world: World) {
    let allowed = "https://app.example.com,https://beta.example.com";
    let server = world
        .server_with(&[("WAIFU__SERVER__ALLOWED_ORIGINS", allowed)])
        .await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let bearer = format!("Bearer {}", ada.token);
    for (origin, opens) in [
        ("https://app.example.com", true),
        ("https://beta.example.com", true),
        ("https://app.example.com.evil.example", false),
        ("http://app.example.com", false),
        ("https://APP.example.com", false),
        ("null", false),
        ("", false),
    ] {
        let headers = [("Authorization", bearer.as_str()), ("Origin", origin)];
        match Socket::open(&server.door, &hana, &headers).await {
            Ok(mut socket) => {
                assert!(opens, "{origin}");
                socket.expect("ready").await;
            }
            Err((status, problem)) => {
                assert!(!opens, "{origin}: {problem}");
                assert_eq!(status, 403, "{origin}: {problem}");
                assert!(problem.contains("\"forbidden\""), "{origin}: {problem}");
            }
        }
    }
}
