//! From where a socket may be opened, and by what nobody is known.

use serde_json::json;

use crate::support::rest::User;
use crate::support::server::Server;
use crate::support::socket::{Heard, Socket};
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_host_that_is_neither_listed_nor_an_address_is_refused,
        a_credential_in_the_query_or_a_cookie_is_not_read,
        who_is_refused_at_the_door_is_told_why,
        she_who_is_gone_is_said_to_be,
    ],
}

/// Opens a socket as `host`; the status and the problem of a refusal.
async fn opens_as(server: &Server, user: &User, waifu: &str, host: &str) -> Result<(), u16> {
    let bearer = format!("Bearer {}", user.token);
    let headers = [("Authorization", bearer.as_str()), ("Host", host)];
    match Socket::open(&server.door, waifu, &headers).await {
        Ok(mut socket) => {
            socket.expect("ready").await;
            Ok(())
        }
        Err((status, problem)) => {
            assert!(problem.contains("\"forbidden\""), "{host}: {problem}");
            Err(status)
        }
    }
}

async fn a_host_that_is_neither_listed_nor_an_address_is_refused(world: World) {
    let allowed = "chat.example.com,other.example.com:8443";
    let server = world
        .server_with(&[("WAIFU__SERVER__ALLOWED_HOSTS", allowed)])
        .await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    for host in [
        "127.0.0.1",
        "127.0.0.1:80",
        "192.168.1.20:8080",
        "[::1]:8080",
        "localhost",
        "LocalHost:3000",
        "chat.example.com",
        "Chat.Example.com:443",
        "other.example.com:8443",
    ] {
        assert_eq!(opens_as(&server, &ada, &hana, host).await, Ok(()), "{host}");
    }
    for host in [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "chat.example.com.evil.example",
        "xchat.example.com",
        "other.example.com",
        "other.example.com:8080",
    ] {
        assert_eq!(
            opens_as(&server, &ada, &hana, host).await,
            Err(403),
            "{host}"
        );
    }
}

async fn a_credential_in_the_query_or_a_cookie_is_not_read(world: World) {
    let server = world
        .server_with(&[("WAIFU__CHAT__AUTH_SECONDS", "1")])
        .await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let token = &ada.token;
    let cookie = format!("access_token={token}; token={token}; Authorization=Bearer {token}");
    for query in [
        format!("access_token={token}"),
        format!("token={token}"),
        format!("authorization=Bearer%20{token}"),
    ] {
        let path = format!("/ws/agents/{hana}/chat?{query}");
        let headers = [("Cookie", cookie.as_str())];
        let mut socket = Socket::open_at(&server.door, &path, &headers)
            .await
            .unwrap();
        assert_eq!(socket.hear().await, Heard::Closed(4408), "{query}");
    }
    // Nor does a wrong one there do harm.
    let path = format!("/ws/agents/{hana}/chat?access_token=garbage");
    let mut socket = Socket::open_at(&server.door, &path, &[]).await.unwrap();
    let auth = json!({"type": "auth", "access_token": token});
    socket.send(&auth).await;
    socket.expect("ready").await;
}

async fn who_is_refused_at_the_door_is_told_why(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    // What is no upgrade is no socket.
    let path = format!("/ws/agents/{hana}/chat");
    let plain = ada.get(&path).await;
    assert!((400..500).contains(&plain.status), "{plain:?}");
    let posted = ada.post(&path, &json!({})).await;
    assert!((400..500).contains(&posted.status), "{posted:?}");
    assert_eq!(
        opens_as(&server, &ada, &hana, "evil.example").await,
        Err(403)
    );
    let headers = [("Origin", "https://evil.example")];
    let (status, problem) = Socket::open(&server.door, &hana, &headers)
        .await
        .unwrap_err();
    assert_eq!(status, 403, "{problem}");
}

async fn she_who_is_gone_is_said_to_be(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    socket.say("hello").await;
    socket.until("turn.done").await;
    ada.delete(&format!("/waifus/{hana}")).await;
    socket.say("Are you there?").await;
    assert_eq!(socket.hear().await, Heard::Closed(4410));
    let mut socket = Socket::of(&ada, &hana).await;
    assert_eq!(socket.hear().await, Heard::Closed(4410));
    assert_eq!(ada.history(&hana).await.len(), 2);
}
