//! What a GraphQL socket asks of its clients.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::frames::{chat, relationship};
use crate::support::chat::KIND;
use crate::support::forged::{claims_of, header, key_of, sign};
use crate::support::graphql_socket::{GraphqlSocket, Operation, PATH, PROTOCOL};
use crate::support::new_id;
use crate::support::rest::User;
use crate::support::socket::{Heard, Socket};
use crate::support::world::World;

scenarios! {
    everywhere: [
        who_does_not_say_who_he_is_is_hung_up_on,
        what_is_against_the_protocol_closes_the_socket,
        what_is_too_large_or_too_much_closes_the_socket,
        an_operation_that_makes_no_sense_leaves_the_socket_open,
        eight_operations_may_be_at_work,
        queries_and_mutations_are_answered_too,
        pings_are_answered_and_asked_for,
        a_socket_lives_no_longer_than_its_token,
        only_the_newest_twenty_sockets_stay,
        only_the_spoken_subprotocol_is_taken,
        a_server_that_stops_tells_the_rest_and_hangs_up,
    ],
}

const WHO: &str = "{ me { id } }";

async fn who_does_not_say_who_he_is_is_hung_up_on(world: World) {
    let server = world
        .server_with(&[("WAIFU__CHAT__AUTH_SECONDS", "1")])
        .await;
    let ada = server.user().await;
    let mut silent = GraphqlSocket::unauthenticated(&server.door).await;
    assert_eq!(silent.closed().await, 4408);
    let init = |payload: Value| json!({"type": "connection_init", "payload": payload});
    let subscribe = json!({"type": "subscribe", "id": "1", "payload": {"query": WHO}});
    for (first, code) in [
        (init(json!({"access_token": "garbage"})), 4403),
        (init(json!({"access_token": ada.refresh_token})), 4403),
        (init(json!({"access_token": 7})), 4403),
        (init(json!({"token": ada.token})), 4403),
        (init(Value::Null), 4403),
        (json!({"type": "connection_init"}), 4403),
        (init(json!({"access_token": "a".repeat(5_000)})), 1009),
        (subscribe, 4401),
        (json!({"type": "nonsense"}), 4400),
    ] {
        let mut graphql = GraphqlSocket::unauthenticated(&server.door).await;
        graphql.send(&first).await;
        assert_eq!(graphql.closed().await, code, "{first}");
    }
    // What a header says is not asked.
    let bearer = format!("Bearer {}", ada.token);
    let headers = [PROTOCOL[0], ("Authorization", &bearer)];
    let socket = Socket::open_at(&server.door, PATH, &headers).await;
    assert_eq!(
        GraphqlSocket::on(socket.unwrap()).closed().await,
        4408,
        "a header is no connection_init"
    );
}

async fn what_is_against_the_protocol_closes_the_socket(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let init = json!({"type": "connection_init", "payload": {"access_token": ada.token}});
    let mut graphql = GraphqlSocket::of(&ada).await;
    graphql.send(&init).await;
    assert_eq!(graphql.closed().await, 4429);

    let mut graphql = GraphqlSocket::of(&ada).await;
    let variables = json!({"waifu": hana});
    let operation = graphql.begin(&relationship(), &variables).await;
    graphql.frame(&operation).await;
    graphql
        .begin_as(&operation, &json!({"query": WHO, "variables": {}}))
        .await;
    assert_eq!(graphql.closed().await, 4409);

    let long = json!({"type": "subscribe", "id": "i".repeat(129), "payload": {"query": WHO}});
    for text in [
        "",
        "{\"type\":",
        "[]",
        "{}",
        "{\"type\":7}",
        "{\"type\":\"connection_ack\"}",
        "{\"type\":\"subscribe\"}",
        "{\"type\":\"subscribe\",\"id\":\"1\"}",
        "{\"type\":\"subscribe\",\"id\":\"1\",\"payload\":{}}",
        &long.to_string(),
    ] {
        let mut graphql = GraphqlSocket::of(&ada).await;
        graphql.socket.send_text(text).await;
        assert_eq!(graphql.closed().await, 4400, "{text:?}");
    }
    let mut graphql = GraphqlSocket::of(&ada).await;
    let binary = Message::binary(b"{\"type\":\"ping\"}".as_slice());
    graphql.socket.send_raw(binary).await;
    assert_eq!(graphql.closed().await, 4400);
}

async fn what_is_too_large_or_too_much_closes_the_socket(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let pong = |bytes: usize| {
        let rest = "{\"type\":\"pong\",\"x\":\"\"}".len();
        format!(
            "{{\"type\":\"pong\",\"x\":\"{}\"}}",
            "a".repeat(bytes - rest)
        )
    };
    let mut graphql = GraphqlSocket::of(&ada).await;
    graphql.socket.send_text(&pong(128 * 1024)).await;
    let operation = graphql.begin(WHO, &json!({})).await;
    assert_eq!(graphql.data(&operation).await["me"]["id"], ada.id);
    graphql.completed(&operation).await;
    graphql.socket.send_text(&pong(128 * 1024 + 1)).await;
    assert_eq!(graphql.closed().await, 1009);

    let mut graphql = GraphqlSocket::of(&ada).await;
    for _ in 0..58 {
        graphql.send(&json!({"type": "pong"})).await;
    }
    graphql.send(&json!({"type": "ping"})).await;
    graphql.socket.expect("pong").await;
    graphql.send(&json!({"type": "pong"})).await;
    assert_eq!(graphql.closed().await, 4429);
}

async fn an_operation_that_makes_no_sense_leaves_the_socket_open(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let mut graphql = GraphqlSocket::of(&ada).await;
    let listen = format!("relationship(waifuId: \"{hana}\") {{ __typename }}");
    let deep = format!(
        "query{{__schema{{types{{{}name{}}}}}}}",
        "fields{type{".repeat(20),
        "}}".repeat(20)
    );
    let fields: Vec<String> = (0..600).map(|no| format!("a{no}:me{{id}}")).collect();
    let wide = format!("query{{{}}}", fields.join(" "));
    let long = format!(
        "subscription{{{listen}}} {}",
        "# \n".repeat(10) + &", [".repeat(4_001)
    );
    for query in [
        "",
        "{",
        "subscription { dance }",
        "subscription { relationship { __typename } }",
        &deep,
        &wide,
        &long,
        // Juniper would tell frames of these by the tuple, and be brought down by those.
        &format!("subscription {{ {listen} again: {listen} }}"),
        "subscription { __typename }",
        "subscription { ...f } fragment f on Subscription { __typename }",
        "subscription { ... on Subscription { __typename } }",
    ] {
        let operation = graphql.begin(query, &json!({})).await;
        let (kind, payload) = graphql.hear(&operation).await;
        assert_eq!(kind, "error", "{query}: {payload}");
        assert!(payload[0]["message"].is_string(), "{query}: {payload}");
    }
    let unknown = Operation("unknown".to_owned());
    let payload = json!({"query": "query A { me { id } }", "operationName": "B"});
    graphql.begin_as(&unknown, &payload).await;
    let (kind, payload) = graphql.hear(&unknown).await;
    assert_eq!(kind, "error", "{payload}");

    // Each is over with its error, and leaves room for others.
    graphql.silent_for(Duration::from_millis(200)).await;
    for _ in 0..8 {
        let variables = json!({"waifu": hana});
        let operation = graphql.begin(&relationship(), &variables).await;
        graphql.frame(&operation).await;
    }
}

async fn eight_operations_may_be_at_work(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let mut graphql = GraphqlSocket::of(&ada).await;
    let variables = json!({"waifu": hana});
    let mut at_work = Vec::new();
    for _ in 0..8 {
        let operation = graphql.begin(&relationship(), &variables).await;
        graphql.frame(&operation).await;
        at_work.push(operation);
    }
    let ninth = graphql.begin(WHO, &json!({})).await;
    assert_eq!(graphql.refused(&ninth).await, "rate_limited");
    graphql.silent_for(Duration::from_millis(200)).await;
    // One that is left makes room for another, which may have its id at once.
    let left = at_work.pop().unwrap();
    graphql.leave(&left).await;
    let payload = json!({"query": WHO, "variables": {}});
    graphql.begin_as(&left, &payload).await;
    assert_eq!(graphql.data(&left).await["me"]["id"], ada.id);
    graphql.completed(&left).await;
    graphql.silent_for(Duration::from_millis(200)).await;

    // All of the others still hear.
    ada.say(&hana, KIND).await.ok();
    let mut done = 0;
    while done < 7 {
        let message = graphql.socket.expect("next").await;
        let frame = &message["payload"]["data"]["relationship"];
        done += usize::from(frame["__typename"] == "TurnDone");
    }
}

async fn queries_and_mutations_are_answered_too(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let mut graphql = GraphqlSocket::of(&ada).await;
    let send = "mutation($input: SendMessageInput!) {
        sendMessage(input: $input) { reply { text } errors { code } } }";
    let input = json!({"input": {"waifuId": hana, "text": KIND}});
    let slow = graphql.begin(send, &input).await;
    // Meanwhile others are answered.
    let quick = graphql.begin(WHO, &json!({})).await;
    assert_eq!(graphql.data(&quick).await["me"]["id"], ada.id);
    graphql.completed(&quick).await;
    let payload = graphql.data(&slow).await["sendMessage"].clone();
    graphql.completed(&slow).await;
    assert_eq!(payload["errors"], json!([]));
    assert_eq!(
        payload["reply"]["text"],
        ada.history(&hana).await[0]["text"]
    );
}

async fn pings_are_answered_and_asked_for(world: World) {
    let server = world
        .server_with(&[
            ("WAIFU__CHAT__HEARTBEAT_SECONDS", "1"),
            ("WAIFU__CHAT__PONG_SECONDS", "1"),
        ])
        .await;
    let ada = server.user().await;
    let mut graphql = GraphqlSocket::unauthenticated(&server.door).await;
    for after in [false, true] {
        if after {
            graphql.init(&ada).await;
        }
        let asked = Message::Ping(b"are you there?".as_slice().into());
        graphql.socket.send_raw(asked).await;
        let answered = Heard::Pong(b"are you there?".to_vec());
        assert_eq!(graphql.socket.hear().await, answered);
        graphql
            .send(&json!({"type": "ping", "payload": {"x": 1}}))
            .await;
        graphql.socket.expect("pong").await;
    }
    // Who answers stays, and any message is an answer.
    for answer in ["pong", "ping", "pong"] {
        graphql.socket.expect("ping").await;
        graphql.send(&json!({"type": answer})).await;
        if answer == "ping" {
            graphql.socket.expect("pong").await;
        }
    }
    let start = Instant::now();
    graphql.socket.expect("ping").await;
    assert_eq!(graphql.closed().await, 4504);
    let waited = start.elapsed();
    assert!((1_800..5_000).contains(&waited.as_millis()), "{waited:?}");
}

async fn a_socket_lives_no_longer_than_its_token(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let mut claims = claims_of(&ada.token);
    claims["exp"] = json!(claims["iat"].as_i64().unwrap() + 3);
    let token = sign(&key_of(server.place.folder()), &header(), &claims);
    let mut graphql = GraphqlSocket::of(&User { token, ..ada }).await;
    let heard = graphql.socket.hear_within(Duration::from_secs(10)).await;
    assert_eq!(heard, Some(Heard::Closed(4401)));
}

async fn only_the_newest_twenty_sockets_stay(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let mut oldest = GraphqlSocket::of(&ada).await;
    let mut others = Vec::new();
    for _ in 0..18 {
        others.push(GraphqlSocket::of(&ada).await);
    }
    // Those of the chat count with them, and strangers are others'.
    let _chat = Socket::ready(&ada, &hana).await;
    let mut stranger = GraphqlSocket::unauthenticated(&server.door).await;
    oldest.silent_for(Duration::from_millis(200)).await;
    stranger.init(&ada).await;
    assert_eq!(oldest.closed().await, 4409);
    let metrics = server.door.get("/metrics").await.text;
    assert!(metrics.contains("waifu_sockets_open 20\n"), "{metrics}");
    let closed = "waifu_sockets_closed_total{code=\"4409\"} 1\n";
    assert!(metrics.contains(closed), "{metrics}");
    drop(others);

    let mut strangers = Vec::new();
    for _ in 0..20 {
        strangers.push(GraphqlSocket::unauthenticated(&server.door).await);
    }
    let (status, problem) = Socket::open_at(&server.door, PATH, &PROTOCOL)
        .await
        .unwrap_err();
    assert_eq!(status, 429, "{problem}");
}

async fn only_the_spoken_subprotocol_is_taken(world: World) {
    let server = world.server().await;
    for (offered, status) in [("graphql-ws", 400), ("waifu.chat.v1", 400)] {
        let headers = [("Sec-WebSocket-Protocol", offered)];
        let refused = Socket::open_at(&server.door, PATH, &headers).await;
        assert_eq!(refused.unwrap_err().0, status, "{offered}");
    }
    let headers = [PROTOCOL[0], ("Origin", "https://elsewhere.example")];
    let refused = Socket::open_at(&server.door, PATH, &headers).await;
    assert_eq!(refused.unwrap_err().0, 403);
    let none = Socket::open_at(&server.door, PATH, &[]).await.unwrap();
    assert_eq!(none.protocol, None);
}

async fn a_server_that_stops_tells_the_rest_and_hangs_up(world: World) {
    let mut server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let (hana, yuki) = (ada.companion().await, ada.companion().await);
    let mut asks = GraphqlSocket::of(&ada).await;
    let variables = json!({"waifu": hana, "text": KIND, "id": new_id()});
    let asked = asks.begin(&chat(), &variables).await;
    let mut listens = GraphqlSocket::of(&ada).await;
    let variables = json!({"waifu": hana});
    let heard = listens.begin(&relationship(), &variables).await;
    listens.frame(&heard).await;
    asks.until(&asked, "TurnDelta").await;
    server.ask_to_stop();
    let mut late = GraphqlSocket::of(&ada).await;
    let variables = json!({"waifu": yuki, "text": KIND, "id": new_id()});
    while server.door.get("/health/ready").await.status == 200 {}
    let refused = late.begin(&chat(), &variables).await;
    assert_eq!(late.refused(&refused).await, "draining");

    let frames = asks.until(&asked, "TurnDone").await;
    assert_eq!(frames.last().unwrap()["status"], "COMPLETED");
    asks.completed(&asked).await;
    assert_eq!(asks.closed().await, 4503);
    let stopped = Instant::now();
    let on = listens.until(&heard, "TurnDone").await;
    assert_eq!(on.last(), frames.last());
    // It is not completed: its client comes back for it.
    assert_eq!(listens.closed().await, 4503);
    assert_eq!(late.closed().await, 4503);
    assert!(stopped.elapsed() < Duration::from_millis(900));
    assert!(server.ended().await.success());
}
