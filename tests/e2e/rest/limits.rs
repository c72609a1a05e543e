//! How much one caller may do, and what he is told of it. What follows is of every door.

use serde_json::{Value, json};

use crate::graphql::frames::chat;
use crate::support::chat::{KIND, id_of};
use crate::support::graphql_socket::GraphqlSocket;
use crate::support::new_id;
use crate::support::rest::{Answer, User, send};
use crate::support::server::Server;
use crate::support::socket::Socket;
use crate::support::sse::EventStream;
use crate::support::world::World;

scenarios! {
    everywhere: [
        each_class_counts_down_and_then_refuses_by_itself,
        strangers_count_for_their_address,
        whoever_guesses_at_keys_and_tokens_counts_for_his_address,
        many_users_of_one_address_have_a_limit_together,
        every_operation_tells_what_is_left,
        a_field_counts_as_its_twin_does,
        a_message_counts_at_every_door,
    ],
}

const SEND: &str = "mutation($input: SendMessageInput!) { sendMessage(input: $input) {
    turn { id } errors { code retryAfterMs } } }";

/// So many at once, and then one a minute.
async fn with_limits(world: World, limits: &[(&str, u32)]) -> Server {
    let settings: Vec<(String, String)> = limits
        .iter()
        .flat_map(|(class, burst)| {
            [("PER_MINUTE", 1), ("BURST", *burst)].map(|(name, value)| {
                let variable = format!("WAIFU__LIMITS__{class}__{name}");
                (variable, value.to_string())
            })
        })
        .collect();
    let settings: Vec<(&str, &str)> = settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    world.server_with(&settings).await
}

/// What is left, of an answer that tells of one limit.
#[track_caller]
fn left(answer: &Answer, policy: &str, burst: u32) -> u32 {
    let window = burst * 60;
    let told = format!("\"{policy}\";q={burst};w={window}");
    assert_eq!(answer.header("ratelimit-policy"), told, "{answer:?}");
    let limit = answer.header("ratelimit");
    let (left, until_all) = limit
        .strip_prefix(&format!("\"{policy}\";r="))
        .and_then(|rest| rest.split_once(";t="))
        .unwrap_or_else(|| panic!("{limit}"));
    let left = left.parse().expect("a number");
    let until_all: u32 = until_all.parse().expect("a number");
    assert!(until_all <= (burst - left) * 60, "{limit}");
    assert!(until_all > (burst - left) * 60 - 60, "{limit}");
    left
}

#[track_caller]
fn assert_refused(answer: &Answer, policy: &str, burst: u32) {
    let problem = answer.problem(429, "rate_limited");
    assert_eq!(left(answer, policy, burst), 0);
    let retry_after: u64 = answer.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&retry_after), "{retry_after}");
    let millis = problem["retry_after_ms"].as_u64().expect("milliseconds");
    assert_eq!(millis.div_ceil(1_000), retry_after);
}

/// Asks until it is too much.
async fn exhaust(policy: &str, burst: u32, ask: impl AsyncFn() -> Answer) {
    let mut known = left(&ask().await, policy, burst);
    assert!(known < burst);
    while known > 0 {
        let answer = ask().await;
        assert_ne!(answer.status, 429, "{answer:?}");
        let now = left(&answer, policy, burst);
        assert_eq!(now, known - 1, "{answer:?}");
        known = now;
    }
    for _ in 0..3 {
        assert_refused(&ask().await, policy, burst);
    }
}

async fn each_class_counts_down_and_then_refuses_by_itself(world: World) {
    let limits = [("READ", 5), ("WRITE", 6), ("CHAT", 3), ("ADMIN", 2)];
    let server = with_limits(world, &limits).await;
    let (ada, bob) = (server.user().await, server.user().await);
    let hana = ada.companion().await;
    exhaust("chat", 3, async || ada.say(&hana, KIND).await).await;
    let gift = format!("/waifus/{hana}/gifts");
    let refused = ada.post(&gift, &json!({"gift_id": new_id()})).await;
    assert_refused(&refused, "chat", 3);
    exhaust("read", 5, async || ada.get("/me").await).await;
    let of_gifts = ada.get(&gift).await;
    assert_refused(&of_gifts, "read", 5);
    let wrong = json!({"display_name": ""});
    exhaust("write", 6, async || ada.change_profile(&wrong).await).await;
    exhaust("admin", 2, async || {
        ada.post("/admin/adjustments", &json!({})).await
    })
    .await;

    let yuki = bob.companion().await;
    assert_eq!(left(&bob.get("/me").await, "read", 5), 4);
    let said = bob.say(&yuki, KIND).await;
    said.ok();
    assert_eq!(left(&said, "chat", 3), 2);
    for path in ["/health/live", "/health/ready", "/metrics", "/openapi.json"] {
        let answer = server.door.get(path).await;
        assert!((200..300).contains(&answer.status), "{answer:?}");
        assert_eq!(answer.header("ratelimit"), "", "{path}");
    }
}

async fn whoever_guesses_at_keys_and_tokens_counts_for_his_address(world: World) {
    let server = with_limits(world, &[("AUTH", 6)]).await;
    let ada = server.user().await;
    let asks = async |token: String| {
        let thief = User {
            token,
            ..ada.clone()
        };
        thief.get("/waifus").await
    };
    let guess = || format!("wk_{}_x", new_id().replace('-', ""));
    // Signing up was the first.
    for token in [guess(), "nonsense".to_owned(), guess(), guess(), guess()] {
        asks(token).await.problem(401, "unauthenticated");
    }
    for token in [guess(), "nonsense".to_owned()] {
        let refused = asks(token).await;
        refused.problem(429, "rate_limited");
        assert_ne!(refused.header("retry-after"), "");
    }
    // Who has a credential is let in from there.
    ada.get("/waifus").await.ok();
}

async fn strangers_count_for_their_address(world: World) {
    let server = with_limits(world, &[("AUTH", 4)]).await;
    let ada = server.user().await;
    let wrong = json!({"username": "nobody", "password": "not the password"});
    exhaust("auth", 4, async || {
        server.door.post("/auth/login", &wrong).await
    })
    .await;
    let refused = ada.post("/auth/logout", &json!({})).await;
    assert_refused(&refused, "auth", 4);
    let again = json!({"refresh_token": ada.refresh_token});
    let refused = server.door.post("/auth/refresh", &again).await;
    assert_refused(&refused, "auth", 4);
    ada.get("/me").await.ok();
    // At the other door, too.
    let document = "mutation { logOut { errors { code } } }";
    let answer = ada.graphql(document, &json!({})).await;
    let errors = &answer["data"]["logOut"]["errors"];
    assert_eq!(errors[0]["code"], "rate_limited", "{answer}");
}

async fn many_users_of_one_address_have_a_limit_together(world: World) {
    let settings = [
        ("WAIFU__LIMITS__READ__PER_MINUTE", "1"),
        ("WAIFU__LIMITS__READ__BURST", "2"),
        ("WAIFU__LIMITS__ADDRESS_FACTOR", "2"),
        ("WAIFU__SERVER__TRUSTED_PROXIES", "127.0.0.0/8"),
    ];
    let server = world.server_with(&settings).await;
    let users = [
        server.user().await,
        server.user().await,
        server.user().await,
    ];
    let read = async |user: &User, address: &str| {
        let request = user.request("GET", "/me");
        send(request.header("X-Forwarded-For", address)).await
    };
    for user in &users[..2] {
        for _ in 0..2 {
            read(user, "2001:db8:1:2::3").await.ok();
        }
    }
    let refused = read(&users[2], "2001:db8:1:2::4").await;
    refused.problem(429, "rate_limited");
    let policy = refused.header("ratelimit-policy");
    assert_eq!(policy, r#""read-address";q=4;w=120"#);
    read(&users[2], "2001:db8:1:3::4").await.ok();
}

/// Whatever a new operation is, it is counted.
async fn every_operation_tells_what_is_left(world: World) {
    let classes = ["AUTH", "READ", "WRITE", "CHAT", "ADMIN"];
    let server = with_limits(world, &classes.map(|class| (class, 1_000))).await;
    let mut ada = server.user().await;
    let document = server.door.get("/openapi.json").await.ok();
    let mut operations = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let concrete = concrete(path);
            let request = ada.request(&method.to_uppercase(), &concrete);
            let answer = send(request.json(&json!({}))).await;
            let is_limited = !path.starts_with("/health");
            let told = answer.header("ratelimit-policy");
            assert_eq!(!told.is_empty(), is_limited, "{method} {path}: {answer:?}");
            let is_documented = operation["responses"]["429"]["headers"]["RateLimit"].is_object();
            assert_eq!(is_documented, is_limited, "{method} {path}");
            if path.starts_with("/auth") || (path == "/me" && method == "delete") {
                ada = server.user().await;
            }
            operations += 1;
        }
    }
    assert!(operations > 30, "{operations}");
}

/// With an id in the place of each parameter.
fn concrete(path: &str) -> String {
    let parts = path.split('/').map(|part| {
        if part.starts_with('{') {
            new_id()
        } else {
            part.to_owned()
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

async fn a_field_counts_as_its_twin_does(world: World) {
    let server = with_limits(world, &[("READ", 3), ("CHAT", 1), ("WRITE", 10)]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let ask = async |query: &str| {
        let body = json!({"query": query});
        ada.post("/graphql", &body).await
    };
    let two = ask("{ a: waifus { edges { cursor } } b: me { id } }").await;
    assert_eq!(two.ok().get("errors"), None, "{two:?}");
    assert_eq!(left(&two, "read", 3), 1);
    let two = ask("{ a: me { id } b: me { id } }").await;
    let answer = two.ok();
    let errors = answer["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 1, "{answer}");
    let extensions = &errors[0]["extensions"];
    assert_eq!(extensions["code"], "rate_limited", "{answer}");
    let wait = extensions["retry_after_ms"].as_u64().expect("a wait");
    assert!((1..=60_000).contains(&wait), "{wait}");
    assert_eq!(left(&two, "read", 3), 0);
    assert_refused(&ada.get("/me").await, "read", 3);

    let input = json!({"input": {"waifuId": hana, "text": KIND}});
    let first = ada.graphql(SEND, &input).await;
    let payload = &first["data"]["sendMessage"];
    assert_eq!(payload["errors"], json!([]), "{first}");
    let turn = id_of(&payload["turn"]);
    let body = json!({"query": SEND, "variables": input});
    let second = ada.post("/graphql", &body).await;
    assert_eq!(left(&second, "chat", 1), 0);
    let error = second.ok()["data"]["sendMessage"]["errors"][0].clone();
    assert_eq!(error["code"], "rate_limited", "{second:?}");
    assert!(error["retryAfterMs"].is_u64(), "{second:?}");
    // Who stops her only writes.
    let stop =
        "mutation($input: CancelTurnInput!) { cancelTurn(input: $input) { errors { code } } }";
    let input = json!({"input": {"waifuId": hana, "turnId": turn}});
    let body = json!({"query": stop, "variables": input});
    let stopped = ada.post("/graphql", &body).await;
    assert!(stopped.header("ratelimit").starts_with("\"write\";r="));
    let errors = &stopped.ok()["data"]["cancelTurn"]["errors"];
    assert_eq!(errors, &json!([]), "{stopped:?}");
}

async fn a_message_counts_at_every_door(world: World) {
    let server = with_limits(world, &[("CHAT", 5)]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    let mut graphql = GraphqlSocket::of(&ada).await;
    let subscribe = async |graphql: &mut GraphqlSocket| {
        let variables = json!({"waifu": hana, "text": KIND, "id": new_id()});
        graphql.begin(&chat(), &variables).await
    };
    socket.say(KIND).await;
    socket.until("turn.done").await;
    let operation = subscribe(&mut graphql).await;
    graphql.until(&operation, "TurnDone").await;
    graphql.completed(&operation).await;
    socket.until("turn.done").await;
    let said = EventStream::say(&ada, &hana, &new_id(), KIND).await;
    said.expect("a stream").rest().await;
    socket.until("turn.done").await;
    assert_eq!(left(&ada.say(&hana, KIND).await, "chat", 5), 1);
    socket.until("turn.done").await;
    let input = json!({"input": {"waifuId": hana, "text": KIND}});
    ada.graphql(SEND, &input).await;
    socket.until("turn.done").await;
    let history = ada.history(&hana).await.len();
    assert_eq!(history, 10);

    let id = socket.say(KIND).await;
    let error: Value = socket.expect("error").await;
    assert_eq!(
        (&error["code"], &error["ref"], &error["retryable"]),
        (&json!("rate_limited"), &json!(id), &json!(true)),
        "{error}"
    );
    let wait = error["retry_after_ms"].as_u64().expect("a wait");
    assert!((1..=60_000).contains(&wait), "{error}");
    let operation = subscribe(&mut graphql).await;
    assert_eq!(graphql.refused(&operation).await, "rate_limited");
    let refused = EventStream::say(&ada, &hana, &new_id(), KIND).await;
    assert_refused(&refused.expect_err("no stream"), "chat", 5);
    assert_refused(&ada.say(&hana, KIND).await, "chat", 5);
    let refused = ada.graphql(SEND, &input).await;
    let errors = &refused["data"]["sendMessage"]["errors"];
    assert_eq!(errors[0]["code"], "rate_limited", "{refused}");
    assert_eq!(ada.history(&hana).await.len(), history);
}
