//! The commands beside `serve`, and settings that make no sense.

use std::collections::BTreeSet;
use std::fs;

use crate::support::chat::id_of;
use crate::support::operators::{complained, refused, said, succeeded};
use crate::support::place::Place;
use crate::support::rest::{Door, User};
use crate::support::world::{Store, World};

scenarios! {
    everywhere: [
        servers_that_start_at_once_on_an_empty_store,
        seeding_twice_is_the_same_as_once,
        an_operator_seeds_companions_of_his_own,
        migrating_twice_is_the_same_as_once,
        a_wrong_setting_is_named,
        a_second_server_on_the_same_store,
    ],
}

async fn seeding_twice_is_the_same_as_once(world: World) {
    let place = Place::new(world, &[]).await;
    let first = counts(&succeeded(&place.run(&["seed"]).await));
    let kinds: Vec<_> = first.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["gifts", "dates", "events", "companions"]);
    for (kind, [added, updated, unchanged, kept]) in &first {
        assert!(*added >= 5, "{kind}: {added}");
        assert_eq!([*updated, *unchanged, *kept], [0, 0, 0], "{kind}");
    }
    let second = counts(&succeeded(&place.run(&["seed"]).await));
    let unchanged: Vec<_> = first
        .iter()
        .map(|(kind, [added, ..])| (kind.clone(), [0, 0, *added, 0]))
        .collect();
    assert_eq!(second, unchanged);

    let server = place.start().await;
    let ada = server.user().await;
    let waifus = ada.pages("/waifus", 2).await;
    let [gifts, dates, _, companions] = first.as_slice() else {
        panic!("{first:?}")
    };
    assert_eq!(waifus.len(), companions.1[0]);
    let hana = id_of(&waifus[0]);
    assert_eq!(ada.gifts(&hana).await.len(), gifts.1[0]);
    assert_eq!(ada.dates(&hana).await.len(), dates.1[0]);
}

/// What a seed says of each kind: how many were added, updated, unchanged, and kept as edited.
fn counts(said: &str) -> Vec<(String, [usize; 4])> {
    let count = |line: &str| {
        let (kind, counts) = line.split_once(": ").unwrap();
        let words = counts
            .split(", ")
            .zip(["added", "updated", "unchanged", "kept as edited"]);
        let counts = words.map(|(part, what)| {
            let number = part
                .strip_suffix(what)
                .unwrap_or_else(|| panic!("{part:?}"));
            number.trim().parse().unwrap()
        });
        (
            kind.to_owned(),
            counts.collect::<Vec<usize>>().try_into().unwrap(),
        )
    };
    said.lines().map(count).collect()
}

async fn an_operator_seeds_companions_of_his_own(world: World) {
    let place = Place::new(world, &[]).await;
    let folder = place.folder().join("mine");
    let companions = folder.join("companions");
    fs::create_dir_all(&companions).unwrap();
    let folder_name = folder.to_str().unwrap();
    let iris = |warmth: u32| {
        let text =
            format!("key = \"iris\"\nname = \"Iris\"\n[personality]\n[stats]\nwarmth = {warmth}\n");
        fs::write(companions.join("iris.toml"), text).unwrap();
    };
    refused(
        &place.run(&["seed", "--from", folder_name]).await,
        &[folder_name],
    );

    iris(130);
    let told = ["iris.toml", "line 5", "warmth", "0 to 100"];
    refused(&place.run(&["seed", "--from", folder_name]).await, &told);
    for (warmth, report) in [
        (30, [1, 0, 0, 0]),
        (30, [0, 0, 1, 0]),
        (40, [0, 1, 0, 0]),
        (40, [0, 0, 1, 0]),
    ] {
        iris(warmth);
        let said = succeeded(&place.run(&["seed", "--from", folder_name]).await);
        assert_eq!(counts(&said), [("companions".to_owned(), report)]);
    }
    // Whoever has companions of his own gets no others.
    let server = place.start().await;
    let ada = server.user().await;
    let listed = ada.pages("/waifus", 100).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (&listed[0]["key"], &listed[0]["stats"]["warmth"]),
        (&"iris".into(), &40.into())
    );
    // But gifts, which he has none of.
    assert!(!ada.gifts(&id_of(&listed[0])).await.is_empty());
}

async fn migrating_twice_is_the_same_as_once(world: World) {
    let place = Place::new(world, &[]).await;
    for _ in 0..2 {
        assert_eq!(
            succeeded(&place.run(&["migrate"]).await).trim(),
            "the store's schema is up to date"
        );
    }
    let server = place.start().await;
    server.user().await.companion().await;
}

async fn a_wrong_setting_is_named(world: World) {
    let place = Place::new(world, &[]).await;
    for (name, value, told) in [
        ("WAIFU__SERVER__PROT", "1", "prot"),
        ("WAIFU__SEVRER__PORT", "1", "sevrer"),
        ("WAIFU__SERVER__PORT", "many", "server.port"),
        ("WAIFU__SERVER__HOST", "everywhere", "server.host"),
        ("WAIFU__STORE__POOL_SIZE", "0", "store.pool_size"),
        ("WAIFU__STORE__URL", "mysql://x", "store.url"),
        ("WAIFU__CHAT__AUTH_SECONDS", "0", "chat.auth_seconds"),
        ("WAIFU__LOG__FORMAT", "xml", "log.format"),
        ("WAIFU__LOG__FILTER", "a=b=c", "log.filter"),
        ("WAIFU__RULES__FILE", "nowhere.toml", "nowhere.toml"),
        ("WAIFU__ENVIRONMENT", "staging", "WAIFU__ENVIRONMENT"),
    ] {
        let refusal = place.run_with(&[(name, value)], &["serve"]).await;
        assert!(!refusal.status.success(), "{name}={value}");
        let complained = complained(&refusal);
        assert!(
            complained.starts_with("error: ") && complained.contains(told),
            "{name}={value}: {complained}"
        );
        assert_eq!(said(&refusal), "", "{name}={value}");
    }
    fs::create_dir(place.folder().join("config")).unwrap();
    fs::write(
        place.folder().join("config/local.toml"),
        "[chat]\npong = 1\n",
    )
    .unwrap();
    let refusal = place.run(&["migrate"]).await;
    assert!(!refusal.status.success());
    assert!(
        complained(&refusal).contains("pong"),
        "{}",
        complained(&refusal)
    );
    assert!(!place.run(&["dance"]).await.status.success());
    succeeded(&place.run(&["--help"]).await);
}

/// Refused by name on one SQLite file; on PostgreSQL the two are one service.
async fn a_second_server_on_the_same_store(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let answer = ada.say(&hana, "hello").await.ok();
    match world.store {
        Store::Sqlite => {
            for command in [
                &["serve"][..],
                &["seed"],
                &["migrate"],
                &["verify-ledger"],
                &["operator", "grant", "demo"],
            ] {
                refused(&server.place.run(command).await, &["waifu.db"]);
            }
        }
        Store::Postgres => {
            let second = server.place.spawn().await.expect("a second server");
            let through_it = ada.through(&Door::to(&second.address));
            assert_eq!(through_it.history(&hana).await, ada.history(&hana).await);
            let next = through_it.say(&hana, "hello again").await.ok();
            assert_eq!(next["turn_no"], 2);
        }
    }
    assert_eq!(
        ada.history(&hana).await.last().unwrap()["turn_id"],
        answer["turn_id"]
    );
}

/// One of them has the SQLite file; on PostgreSQL both migrate, seed and serve, and nothing is there twice.
async fn servers_that_start_at_once_on_an_empty_store(world: World) {
    let place = Place::new(world, &[]).await;
    let started = tokio::join!(place.spawn(), place.spawn(), place.spawn());
    let (serving, refused): (Vec<_>, Vec<_>) = [started.0, started.1, started.2]
        .into_iter()
        .partition(Result::is_ok);
    let expected = match world.store {
        Store::Sqlite => 1,
        Store::Postgres => 3,
    };
    let refused: Vec<String> = refused.into_iter().filter_map(Result::err).collect();
    assert_eq!(serving.len(), expected, "{refused:#?}");
    let mut seen = Vec::new();
    for (no, server) in serving.iter().flatten().enumerate() {
        let user = User::register(&Door::to(&server.address), &format!("user-{no}")).await;
        seen.push(user.pages("/waifus", 100).await);
    }
    let keys: Vec<_> = seen[0]
        .iter()
        .map(|waifu| waifu["key"].to_string())
        .collect();
    let distinct: BTreeSet<_> = keys.iter().collect();
    assert_eq!(keys.len(), distinct.len(), "{keys:?}");
    assert!(seen.iter().all(|companions| *companions == seen[0]));
}
