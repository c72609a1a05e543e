//! The commands beside `serve`, and settings that make no sense.

use std::collections::BTreeSet;
use std::fs;
use std::process::Output;

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

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn complained(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}\n{}",
        said(output),
        complained(output)
    );
    said(output)
}

async fn seeding_twice_is_the_same_as_once(world: World) {
    let place = Place::new(world, &[]).await;
    let first = succeeded(&place.run(&["seed"]).await);
    let added = first
        .strip_prefix("companions: ")
        .and_then(|rest| rest.split(' ').next())
        .unwrap();
    let count: usize = added.parse().unwrap();
    assert!(count >= 4, "{first}");
    assert_eq!(
        first.trim(),
        format!("companions: {count} added, 0 updated, 0 unchanged, 0 kept as edited")
    );
    let second = succeeded(&place.run(&["seed"]).await);
    assert_eq!(
        second.trim(),
        format!("companions: 0 added, 0 updated, {count} unchanged, 0 kept as edited")
    );

    let server = place.start().await;
    let ada = server.user().await;
    assert_eq!(ada.pages("/waifus", 100).await.len(), count);
}

async fn an_operator_seeds_companions_of_his_own(world: World) {
    let place = Place::new(world, &[]).await;
    let folder = place.folder().join("mine");
    fs::create_dir(&folder).unwrap();
    let folder_name = folder.to_str().unwrap();
    let iris = |warmth: u32| {
        let text =
            format!("key = \"iris\"\nname = \"Iris\"\n[personality]\n[stats]\nwarmth = {warmth}\n");
        fs::write(folder.join("iris.toml"), text).unwrap();
    };
    let empty = place.run(&["seed", "--from", folder_name]).await;
    assert!(!empty.status.success());
    assert!(
        complained(&empty).contains(folder_name),
        "{}",
        complained(&empty)
    );

    iris(130);
    let refused = place.run(&["seed", "--from", folder_name]).await;
    assert!(!refused.status.success());
    for told in ["iris.toml", "line 5", "0 to 100"] {
        assert!(
            complained(&refused).contains(told),
            "{}",
            complained(&refused)
        );
    }
    for (warmth, report) in [
        (30, "1 added, 0 updated, 0 unchanged, 0 kept"),
        (30, "0 added, 0 updated, 1 unchanged, 0 kept"),
        (40, "0 added, 1 updated, 0 unchanged, 0 kept"),
        (40, "0 added, 0 updated, 1 unchanged, 0 kept"),
    ] {
        iris(warmth);
        let said = succeeded(&place.run(&["seed", "--from", folder_name]).await);
        assert!(said.contains(report), "{said}");
    }
    // Whoever has companions of his own gets no others.
    let server = place.start().await;
    let listed = server.user().await.pages("/waifus", 100).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (&listed[0]["key"], &listed[0]["stats"]["warmth"]),
        (&"iris".into(), &40.into())
    );
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
            for command in ["serve", "seed", "migrate"] {
                let refusal = server.place.run(&[command]).await;
                assert!(!refusal.status.success(), "{command}");
                let complained = complained(&refusal);
                assert!(complained.contains("waifu.db"), "{command}: {complained}");
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
