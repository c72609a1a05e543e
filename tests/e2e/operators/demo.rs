//! `seed --demo`: a month that somebody has lived.

use std::collections::BTreeSet;

use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::support::chat::id_of;
use crate::support::operators::succeeded;
use crate::support::place::Place;
use crate::support::rest::User;
use crate::support::server::Server;
use crate::support::world::World;

scenarios! {
    everywhere: [
        the_demo_user_has_lived_a_month,
        a_month_is_lived_once,
    ],
}

/// The rows that the demo is said to have.
fn rows_in(said: &str) -> usize {
    let line = said.lines().find(|line| line.starts_with("demo: a month"));
    let line = line.unwrap_or_else(|| panic!("no month in {said}"));
    let (_, rest) = line.split_once(": ").unwrap().1.split_once(": ").unwrap();
    rest.split_once(" rows").unwrap().0.parse().unwrap()
}

/// The demo user, by the token that whoever starts the server is given.
async fn demo_user(server: &Server) -> User {
    let before = "demo token (15 minutes): ";
    let token = loop {
        let said = server.said();
        let line = said
            .split_inclusive('\n')
            .find(|line| line.starts_with(before));
        if let Some(token) = line.and_then(|line| line[before.len()..].strip_suffix('\n')) {
            break token.to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    };
    User {
        door: server.door.clone(),
        name: "demo".to_owned(),
        id: String::new(),
        token,
        refresh_token: String::new(),
    }
}

fn moment(row: &Value) -> OffsetDateTime {
    let text = row["timestamp"].as_str().unwrap();
    OffsetDateTime::parse(text, &Rfc3339).unwrap()
}

async fn the_demo_user_has_lived_a_month(world: World) {
    let place = Place::new(world, &[]).await;
    let said = succeeded(&place.run(&["seed", "--demo"]).await);
    let count = rows_in(&said);
    let verified = succeeded(&place.run(&["verify-ledger"]).await);
    let holds = format!("the ledger law holds: 1 relationships, {count} rows");
    assert_eq!(verified.trim(), holds);

    let server = place.start().await;
    let demo = demo_user(&server).await;
    let mut met = Vec::new();
    for waifu in demo.pages("/waifus", 100).await {
        let waifu = id_of(&waifu);
        if demo.relationship(&waifu).await["version"] != 0 {
            met.push(waifu);
        }
    }
    assert_eq!(met.len(), 1);
    let path = format!("/waifus/{}/relationship/interactions", met[0]);
    let ledger = demo.pages(&path, 100).await;
    assert_eq!(ledger.len(), count);
    let kinds: BTreeSet<_> = ledger
        .iter()
        .map(|row| row["kind"].as_str().unwrap())
        .collect();
    assert!(
        kinds.is_superset(&BTreeSet::from(["chat", "gift", "date", "event"])),
        "{kinds:?}"
    );
    let lived = moment(&ledger[0]) - moment(&ledger[count - 1]);
    assert!(
        lived > Duration::days(28) && lived < Duration::days(31),
        "{lived}"
    );
    let now = demo.relationship(&met[0]).await;
    assert_eq!(now["affection"], ledger[0]["affection_after"]);
    assert!(now["level"].as_u64().unwrap() >= 3, "{now}");
    // A talk has two sides, and about all else she has a word to say.
    let sides = |row: &Value| match row["kind"].as_str() {
        Some("chat") => 2,
        Some("gift" | "date" | "event") => 1,
        _ => 0,
    };
    let path = format!("/waifus/{}/messages", met[0]);
    let messages = demo.pages(&path, 100).await;
    assert_eq!(messages.len(), ledger.iter().map(sides).sum::<usize>());
    for message in &messages {
        assert_eq!(message["status"], "completed", "{message}");
    }
    // The month is over, and life goes on.
    demo.say(&met[0], "Good evening!").await.ok();
}

async fn a_month_is_lived_once(world: World) {
    let place = Place::new(world, &[]).await;
    succeeded(&place.run(&["seed", "--demo"]).await);
    let before = succeeded(&place.run(&["verify-ledger"]).await);
    let again = succeeded(&place.run(&["seed", "--demo"]).await);
    assert!(again.contains("has met"), "{again}");
    assert_eq!(succeeded(&place.run(&["verify-ledger"]).await), before);
}
