//! Keys with which programs call in a user's name, as far as their scopes go.

use serde_json::{Value, json};

use crate::support::graphql_socket::GraphqlSocket;
use crate::support::new_id;
use crate::support::rest::{User, send};
use crate::support::socket::{Heard, Socket};
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_key_does_what_its_scopes_say_at_every_door,
        no_key_reaches_what_is_the_users_own,
        a_key_is_shown_once_and_only_whole,
        a_key_that_is_revoked_lets_nobody_in_and_closes_its_sockets,
        somebody_who_is_suspended_is_kept_out_with_his_keys,
    ],
}

async fn make(user: &User, scopes: &[&str]) -> (String, User) {
    let body = json!({"name": "my bot", "scopes": scopes});
    let made = user.post("/me/api-keys", &body).await.created();
    let bot = User {
        token: made["secret"].as_str().expect("a secret").to_owned(),
        ..user.clone()
    };
    (made["id"].as_str().expect("an id").to_owned(), bot)
}

async fn a_key_does_what_its_scopes_say_at_every_door(world: World) {
    let mut server = world.server().await;
    let ada = server.operator().await;
    let hana = ada.companion().await;
    let chat = json!({"waifu_id": hana, "message": "hello"});
    let rest = [
        ("read", "GET", "/waifus".to_owned(), Value::Null),
        (
            "read",
            "GET",
            format!("/waifus/{hana}/relationship"),
            Value::Null,
        ),
        ("chat", "POST", "/waifus/chat".to_owned(), chat),
        ("write", "POST", "/waifus".to_owned(), json!({"name": "Ai"})),
        (
            "write",
            "PUT",
            format!("/admin/users/{}/suspension", new_id()),
            Value::Null,
        ),
    ];
    let graphql = [
        ("read", "{ waifus { edges { node { id } } } }"),
        (
            "chat",
            "mutation($id: ID!) { sendMessage(input: {waifuId: $id, text: \"hi\"}) { errors { code } } }",
        ),
        (
            "write",
            "mutation($id: ID!) { adjustAffection(input: {userId: $id, waifuId: $id, points: 1, reason: \"x\"}) \
            { errors { code } } }",
        ),
    ];
    for scope in ["read", "chat", "write"] {
        let (_, bot) = make(&ada, &[scope]).await;
        for (needed, method, path, body) in &rest {
            let answer = send(bot.request(method, path).json(body)).await;
            assert_eq!(
                answer.status == 403,
                *needed != scope,
                "{scope}: {method} {path}"
            );
            if *needed != scope {
                answer.problem(403, "forbidden");
            }
        }
        for (needed, document) in graphql {
            let answer = bot.graphql(document, &json!({"id": hana})).await;
            let is_refused = answer.to_string().contains("\"forbidden\"");
            assert_eq!(is_refused, needed != scope, "{scope}: {answer}");
        }
        let socket = send_auth(&bot, &hana).await;
        assert_eq!(
            socket == Heard::Closed(4403),
            scope != "chat",
            "{scope}: {socket:?}"
        );
    }
}

async fn send_auth(user: &User, waifu: &str) -> Heard {
    let mut socket = Socket::unauthenticated(&user.door, waifu).await;
    let auth = json!({"type": "auth", "access_token": user.token});
    socket.send(&auth).await;
    socket.hear().await
}

async fn no_key_reaches_what_is_the_users_own(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let (id, bot) = make(&ada, &["read", "chat", "write"]).await;
    let passwords = json!({"current_password": "a", "new_password": "b"});
    for (method, path) in [
        ("GET", "/me".to_owned()),
        ("PATCH", "/me".to_owned()),
        ("DELETE", "/me".to_owned()),
        ("GET", "/me/export".to_owned()),
        ("GET", "/me/api-keys".to_owned()),
        ("POST", "/me/api-keys".to_owned()),
        ("DELETE", format!("/me/api-keys/{id}")),
        ("POST", "/auth/logout".to_owned()),
        ("POST", "/auth/logout-all".to_owned()),
        ("POST", "/auth/password".to_owned()),
    ] {
        let answer = send(bot.request(method, &path).json(&passwords)).await;
        answer.problem(403, "forbidden");
    }
    let me = bot.graphql("{ me { id } }", &Value::Null).await;
    assert_eq!(me["errors"][0]["extensions"]["code"], "forbidden", "{me}");
}

async fn a_key_is_shown_once_and_only_whole(world: World) {
    let server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    for (body, pointer) in [
        (json!({"name": "x", "scopes": []}), "/scopes"),
        (json!({"name": "x", "scopes": ["admin"]}), "/scopes/0"),
        (json!({"name": "", "scopes": ["read"]}), "/name"),
    ] {
        let problem = ada
            .post("/me/api-keys", &body)
            .await
            .problem(422, "validation");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
    let (first, bot) = make(&ada, &["write", "read", "read"]).await;
    let (second, _) = make(&ada, &["chat"]).await;
    let listed = ada.get("/me/api-keys").await;
    assert!(!listed.text.contains(&bot.token) && !listed.text.contains("secret"));
    let listed = listed.ok();
    assert_eq!(listed["items"][0]["id"], second.as_str());
    assert_eq!(listed["items"][1]["scopes"], json!(["read", "write"]));
    let page = ada.get("/me/api-keys?limit=1").await.ok();
    let next = format!(
        "/me/api-keys?cursor={}",
        page["next_cursor"].as_str().unwrap()
    );
    assert_eq!(ada.get(&next).await.ok()["items"][0]["id"], first.as_str());
    assert_eq!(bob.get("/me/api-keys").await.ok()["items"], json!([]));

    bot.get("/waifus").await.ok();
    let (rest, last) = bot.token.split_at(bot.token.len() - 1);
    let changed = format!("{rest}{}", if last == "A" { "B" } else { "A" });
    let of_another = bot
        .token
        .replace(&first.replace('-', ""), &second.replace('-', ""));
    for token in [
        "wk_",
        "wk_nonsense",
        &changed,
        &of_another,
        &bot.token[..40],
    ] {
        assert_ne!(token, bot.token);
        let thief = User {
            token: token.to_owned(),
            ..bot.clone()
        };
        thief.get("/waifus").await.problem(401, "unauthenticated");
    }
    for _ in 0..18 {
        make(&ada, &["read"]).await;
    }
    let body = json!({"name": "one more", "scopes": ["read"]});
    ada.post("/me/api-keys", &body)
        .await
        .problem(422, "validation");
}

async fn a_key_that_is_revoked_lets_nobody_in_and_closes_its_sockets(world: World) {
    let server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let hana = ada.companion().await;
    let (id, bot) = make(&ada, &["read", "chat"]).await;
    let (mut chat, _) = Socket::ready(&bot, &hana).await;
    let mut graphql = GraphqlSocket::of(&bot).await;
    let (mut hers, _) = Socket::ready(&ada, &hana).await;
    let path = format!("/me/api-keys/{id}");
    bob.delete(&path).await.problem(404, "not_found");
    bot.get("/waifus").await.ok();
    assert_eq!(ada.delete(&path).await.status, 204);
    bot.get("/waifus").await.problem(401, "unauthenticated");
    assert_eq!(chat.closed().await, 4410);
    assert_eq!(graphql.socket.closed().await, 4410);
    ada.delete(&path).await.problem(404, "not_found");
    hers.say("still here").await;
    hers.until("turn.done").await;
}

async fn somebody_who_is_suspended_is_kept_out_with_his_keys(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let (_, bot) = make(&ada, &["read", "chat"]).await;
    let mut socket = GraphqlSocket::of(&bot).await;
    let path = format!("/admin/users/{}/suspension", ada.id);
    assert_eq!(send(operator.request("PUT", &path)).await.status, 204);
    bot.get("/waifus").await.problem(403, "suspended");
    assert_eq!(socket.socket.closed().await, 4403);
}
