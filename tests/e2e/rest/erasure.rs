//! Everything about a user, told and erased.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::acts::adjustment;
use crate::support::chat::{KIND, id_of};
use crate::support::dump::{holding, rows};
use crate::support::graphql_socket::GraphqlSocket;
use crate::support::new_id;
use crate::support::rest::{PASSWORD, User, send};
use crate::support::socket::Socket;
use crate::support::world::World;

scenarios! {
    everywhere: [
        an_export_holds_every_word_and_after_the_erasure_no_row_does,
        a_long_history_is_exported_whole_and_in_order,
        what_others_have_with_the_companions_of_who_is_erased_stays_theirs,
        what_an_operator_did_stays_without_his_name,
        nothing_is_left_of_who_is_erased_while_she_speaks,
    ],
}

/// In every text that a user can leave somewhere.
const CANARY: &str = "canary";

fn canary(place: &str) -> String {
    format!("{CANARY}-{place}")
}

/// Somebody who has written into every field that takes words.
async fn talkative(server: &crate::support::server::Server, operator: &User) -> (User, String) {
    let name = canary("username");
    let ada = User::register(&server.door, &name).await;
    let profile = json!({
        "display_name": canary("display-name"),
        "pronouns": canary("pronouns"),
        "persona": canary("persona"),
    });
    ada.change_profile(&profile).await.ok();
    let key = json!({"name": canary("key"), "scopes": ["read"]});
    ada.post("/me/api-keys", &key).await.created();
    let companion = json!({
        "name": canary("first-name"),
        "personality": {
            "archetype": canary("archetype"),
            "description": canary("description"),
            "background": canary("background"),
            "greetings": [canary("greeting")],
            "likes": {"canary-likes": 3},
            "traits": {"canary-trait": 50},
            "x_mine": canary("personality-extra"),
        },
        "appearance": {"hair": canary("hair"), "x_mine": canary("appearance-extra")},
        "stats": {"canary-stat": 90},
    });
    let hana = id_of(&ada.post("/waifus", &companion).await.created());
    let path = format!("/waifus/{hana}");
    let renamed = json!({"name": canary("second-name")});
    ada.patch(&path, "\"1\"", &renamed).await.ok();
    ada.say(&hana, &canary("message")).await.ok();
    let turn = ada.say(&hana, &canary("other-answer")).await.ok()["turn_id"].clone();
    let again = format!("{path}/turns/{}/regenerate", turn.as_str().unwrap());
    ada.post(&again, &Value::Null).await.ok();
    let voided = ada.say(&hana, &canary("taken-back")).await.ok()["turn_id"].clone();
    ada.rewind(&hana, &voided).await.ok();
    let gift = ada.gift(&hana, "wildflowers").await;
    let give = json!({"gift_id": gift["id"]});
    ada.post_under(&canary("idempotency-key"), &format!("{path}/gifts"), &give)
        .await
        .ok();
    let mut correction = adjustment(&ada, &hana, 5);
    correction["reason"] = json!(canary("reason"));
    let key = "an-operators-key";
    operator
        .post_under(key, "/admin/adjustments", &correction)
        .await
        .ok();
    (ada, hana)
}

async fn an_export_holds_every_word_and_after_the_erasure_no_row_does(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let (ada, hana) = talkative(&server, &operator).await;
    let (mut chat, _) = Socket::ready(&ada, &hana).await;
    let mut graphql = GraphqlSocket::of(&ada).await;

    let answer = ada.get("/me/export").await;
    assert_eq!(answer.header("content-type"), "application/json");
    let export = answer.ok();
    for place in [
        "username",
        "display-name",
        "pronouns",
        "persona",
        "key",
        "first-name",
        "second-name",
        "archetype",
        "description",
        "background",
        "greeting",
        "likes",
        "trait",
        "personality-extra",
        "hair",
        "appearance-extra",
        "stat",
        "message",
        "other-answer",
        "taken-back",
        "idempotency-key",
        "reason",
    ] {
        assert!(answer.text.contains(&canary(place)), "{place}: {export:#}");
    }
    assert_eq!(export["turns"].as_array().unwrap().len(), 4, "{export:#}");
    assert_eq!(export["turns"][1]["runs"].as_array().unwrap().len(), 2);
    assert!(export["turns"][2]["voided_at"].is_string());
    for secret in ["password", "hash", "secret", "refresh_token"] {
        // As a key; she may use such a word.
        assert!(!answer.text.contains(&format!("{secret}\":")), "{secret}");
    }

    let gone = ada.delete("/me").await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    ada.get("/me").await.problem(401, "unauthenticated");
    ada.delete("/me").await.problem(401, "unauthenticated");
    let refresh = json!({"refresh_token": ada.refresh_token});
    let refreshed = ada.door.post("/auth/refresh", &refresh).await;
    refreshed.problem(401, "unauthenticated");
    let account = json!({"username": ada.name, "password": PASSWORD});
    let login = ada.door.post("/auth/login", &account).await;
    login.problem(401, "unauthenticated");
    assert_eq!(chat.closed().await, 4410);
    assert_eq!(graphql.socket.closed().await, 4410);

    server.stop().await;
    let left = rows(&server.place).await;
    assert!(!holding(&left, &operator.id).is_empty(), "ids can be found");
    assert_eq!(holding(&left, CANARY), Vec::<&String>::new());
    assert_eq!(holding(&left, &ada.id), Vec::<&String>::new());
    assert_eq!(holding(&left, &hana), Vec::<&String>::new());
}

async fn a_long_history_is_exported_whole_and_in_order(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let (hana, mina) = (ada.companion().await, ada.public_companion().await);
    for number in 1..=101 {
        ada.say(&hana, &format!("message {number}")).await.ok();
    }
    ada.say(&mina, "hello").await.ok();
    let export = ada.get("/me/export").await.ok();
    let turns = export["turns"].as_array().unwrap();
    let with = |waifu: &str| {
        let hers = turns.iter().filter(|turn| turn["waifu_id"] == waifu);
        hers.map(|turn| turn["message"]["text"].as_str().unwrap())
            .collect::<Vec<_>>()
    };
    let told: Vec<String> = (1..=101)
        .map(|number| format!("message {number}"))
        .collect();
    assert_eq!(with(&hana), told);
    assert_eq!(with(&mina), ["hello"]);
    let rows = export["interactions"].as_array().unwrap();
    let numbers = |waifu: &str| {
        let hers = rows.iter().filter(|row| row["waifu_id"] == waifu);
        hers.map(|row| row["no"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers(&hana), (1..=101).collect::<Vec<_>>());
    assert_eq!(export["relationships"].as_array().unwrap().len(), 2);
    // Of a newcomer there is little, and all lists.
    let newcomer = server.user().await.get("/me/export").await.ok();
    for (list, length) in [
        ("sessions", 1),
        ("turns", 0),
        ("idempotency_keys", 0),
        ("events", 0),
    ] {
        assert_eq!(
            newcomer[list].as_array().map(Vec::len),
            Some(length),
            "{list}"
        );
    }
}

async fn what_others_have_with_the_companions_of_who_is_erased_stays_theirs(world: World) {
    let mut server = world.server().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let make = async |name: &str, background: &str| {
        let body = json!({
            "name": name,
            "visibility": "public",
            "personality": {"background": background},
        });
        id_of(&ada.post("/waifus", &body).await.created())
    };
    let known = make("Mina", "well known").await;
    let withdrawn = make("Rin", &canary("withdrawn")).await;
    let unknown = make("Sora", &canary("unknown")).await;
    for waifu in [&known, &withdrawn] {
        bob.say(waifu, KIND).await.ok();
    }
    let private = json!({"visibility": "private"});
    ada.patch(&format!("/waifus/{withdrawn}"), "\"1\"", &private)
        .await
        .ok();
    let before = bob.everything_with(&known).await;
    assert_eq!(ada.delete("/me").await.status, 204);

    let mina = bob.get(&format!("/waifus/{known}")).await.ok();
    assert_eq!(
        (&mina["owner_id"], &mina["name"]),
        (&Value::Null, &json!("Mina"))
    );
    assert_eq!(bob.everything_with(&known).await, before);
    bob.say(&known, "still here?").await.ok();
    bob.say(&withdrawn, "still here?")
        .await
        .problem(410, "companion_gone");
    assert_eq!(bob.history(&withdrawn).await.len(), 2);
    bob.get(&format!("/waifus/{unknown}"))
        .await
        .problem(404, "not_found");
    server.stop().await;
    let left = rows(&server.place).await;
    assert_eq!(holding(&left, CANARY), Vec::<&String>::new());
    assert_eq!(holding(&left, &ada.id), Vec::<&String>::new());
    server.start_again().await;
    let verified = server.command(&["verify-ledger"]).await;
    assert!(verified.status.success(), "{verified:?}");
}

async fn what_an_operator_did_stays_without_his_name(world: World) {
    let mut server = world.server().await;
    let operator = server.operator().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    operator.adjust(&ada, &hana, 7).await.ok();
    let before = ada.ledger(&hana).await;
    assert_eq!(operator.delete("/me").await.status, 204);
    assert_eq!(ada.ledger(&hana).await, before);
    server.stop().await;
    let left = rows(&server.place).await;
    assert_eq!(holding(&left, &operator.id), Vec::<&String>::new());
    let kept = holding(&left, "\"operator\"");
    assert!(!kept.is_empty(), "that it was an operator is known");
}

async fn nothing_is_left_of_who_is_erased_while_she_speaks(world: World) {
    let mut server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let companions = join_all((0..4).map(|_| ada.companion())).await;
    let mut sockets = Vec::new();
    for waifu in &companions {
        let (mut socket, _) = Socket::ready(&ada, waifu).await;
        socket.say(&canary("message")).await;
        socket.until("turn.delta").await;
        sockets.push(socket);
    }
    let more = |waifu: &String| {
        let body = json!({"waifu_id": waifu, "message": CANARY, "client_message_id": new_id()});
        send(ada.request("POST", "/waifus/chat").json(&body))
    };
    // Some come before, some while, and some after.
    let (gone, _) = tokio::join!(ada.delete("/me"), join_all(companions.iter().map(more)));
    assert_eq!(gone.status, 204);
    for mut socket in sockets {
        assert_eq!(socket.closed().await, 4410);
    }
    tokio::time::sleep(Duration::from_secs(4)).await;
    server.stop().await;
    assert!(!server.log().contains("panicked"), "{}", server.log());
    let left = rows(&server.place).await;
    assert_eq!(holding(&left, CANARY), Vec::<&String>::new());
    assert_eq!(holding(&left, &ada.id), Vec::<&String>::new());
}
