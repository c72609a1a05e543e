//! `verify-ledger`: the law, held against what is stored.

use std::fs;

use tokio_postgres::NoTls;

use crate::support::chat::{HOSTILE, KIND};
use crate::support::operators::{refused, succeeded};
use crate::support::place::Place;
use crate::support::server::Server;
use crate::support::world::{Store, World};

scenarios! {
    everywhere: [
        a_ledger_that_holds_is_said_to,
        the_first_row_that_breaks_the_law_is_named,
        what_a_relationship_remembers_must_be_what_its_rows_say,
    ],
}

async fn a_ledger_that_holds_is_said_to(world: World) {
    let mut server = world.server().await;
    let nothing = succeeded(&server.command(&["verify-ledger"]).await);
    assert_eq!(
        nothing.trim(),
        "the ledger law holds: 0 relationships, 0 rows"
    );
    let operator = server.operator().await;
    let (ada, bob) = (server.user().await, server.user().await);
    let mina = ada.public_companion().await;
    let turn = ada.say(&mina, KIND).await.ok()["turn_id"].clone();
    ada.give(&mina, "sea_glass").await.ok();
    ada.go(&mina, "chess_in_the_park").await.ok();
    ada.choose(&mina, "first_chat", "ask").await.ok();
    ada.say(&mina, HOSTILE).await.ok();
    operator.adjust(&ada, &mina, 500).await.ok();
    ada.choose(&mina, "confession", "yes").await.ok();
    ada.rewind(&mina, &turn).await.ok();
    bob.say(&mina, HOSTILE).await.ok();
    let rows = ada.ledger(&mina).await.len() + 1;
    let said = succeeded(&server.command(&["verify-ledger"]).await);
    let holds = format!("the ledger law holds: 2 relationships, {rows} rows");
    assert_eq!(said.trim(), holds);
}

/// Three talks of which the second is a kind one; its server has stopped.
async fn three_rows(world: World) -> (Server, String) {
    let mut server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    for words in ["I am going to the shop.", KIND, "I am back."] {
        ada.say(&hana, words).await.ok();
    }
    assert!(server.stop().await.success());
    (server, ada.id)
}

async fn the_first_row_that_breaks_the_law_is_named(world: World) {
    let (server, user) = three_rows(world).await;
    let place = &server.place;
    match world.store {
        Store::Sqlite => {
            patch(
                place,
                "\"rule\":\"chat.warm\",\"effect\":3",
                "\"rule\":\"chat.warm\",\"effect\":4",
            )
            .await;
        }
        Store::Postgres => {
            let tampered = "update interactions set reasons = \
                jsonb_set(reasons, '{0,effect}', '4') where no = 2";
            assert_eq!(execute(place, tampered).await, 1);
        }
    }
    let output = place.run(&["verify-ledger"]).await;
    refused(&output, &["row 2 breaks the ledger law", "reasons", &user]);
}

async fn what_a_relationship_remembers_must_be_what_its_rows_say(world: World) {
    let (server, user) = three_rows(world).await;
    let place = &server.place;
    match world.store {
        Store::Sqlite => {
            patch(place, "{\"chat\":3,\"gift\":0", "{\"chat\":4,\"gift\":0").await;
            let output = place.run(&["verify-ledger"]).await;
            refused(&output, &["its counts", &user]);
        }
        Store::Postgres => {
            for (tampered, told) in [
                ("affection = affection + 1", "its affection"),
                ("affection = affection - 1, level = 2", "its level"),
            ] {
                let tampered = format!("update relationships set {tampered}");
                assert_eq!(execute(place, &tampered).await, 1);
                let output = place.run(&["verify-ledger"]).await;
                refused(&output, &[told, &user]);
            }
        }
    }
}

/// Writes other bytes of the same length into a SQLite database that nobody has open: its pages carry no checksums.
async fn patch(place: &Place, from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let database = place.folder().join("data/waifu.db");
    // What is in the log beside it is written into it by whoever closes it last, unless its process ends before that.
    while database.with_extension("db-wal").exists() {
        succeeded(&place.run(&["migrate"]).await);
    }
    let mut bytes = fs::read(&database).unwrap();
    let (from, to) = (from.as_bytes(), to.as_bytes());
    let mut places = Vec::new();
    for place in 0..bytes.len() - from.len() {
        if bytes[place..].starts_with(from) {
            places.push(place);
        }
    }
    assert!(!places.is_empty(), "there is nothing to patch");
    for place in places {
        bytes[place..place + to.len()].copy_from_slice(to);
    }
    fs::write(database, bytes).unwrap();
}

async fn execute(place: &Place, sql: &str) -> u64 {
    let url = place.database_url().expect("a store in PostgreSQL");
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.execute(sql, &[]).await.unwrap()
}
