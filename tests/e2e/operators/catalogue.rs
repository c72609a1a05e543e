//! Gifts, dates and events of an operator's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::support::operators::{refused, succeeded};
use crate::support::place::Place;
use crate::support::world::World;

scenarios! {
    everywhere: [
        what_an_operator_seeds_is_seen_within_seconds,
        a_broken_file_is_refused_by_place_and_nothing_is_written,
        a_catalogue_that_a_gate_could_not_live_with_is_refused,
    ],
}

const STONE: &str = "[river_stone]
name = \"A river stone\"
description = \"Flat, and good for five skips.\"
tags = [\"rivers\"]
base = 4
";

/// A folder of seeds, with these files in it.
fn folder(place: &Place, name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = place.folder().join(name);
    for (file, text) in files {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn words(folder: &Path) -> [&str; 3] {
    ["seed", "--from", folder.to_str().unwrap()]
}

async fn what_an_operator_seeds_is_seen_within_seconds(world: World) {
    const SEEN_WITHIN: Duration = Duration::from_secs(5);

    let mut server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let shipped = ada.gifts(&hana).await.len();
    let mut first: Option<Value> = None;
    for (base, report) in [
        (
            4,
            "gifts: 1 added, 0 updated, 0 unchanged, 0 kept as edited",
        ),
        (
            6,
            "gifts: 0 added, 1 updated, 0 unchanged, 0 kept as edited",
        ),
    ] {
        let stone = STONE.replace("base = 4", &format!("base = {base}"));
        let folder = folder(&server.place, "mine", &[("gifts/stones.toml", &stone)]);
        let said = succeeded(&server.command(&words(&folder)).await);
        assert_eq!(said.trim(), report);
        let ada = ada.through(&server.door);
        let deadline = Instant::now() + SEEN_WITHIN;
        let seen = loop {
            let gifts = ada.gifts(&hana).await;
            let stone = gifts.iter().find(|gift| gift["key"] == "river_stone");
            match stone {
                Some(stone) if stone["base"] == base => break stone.clone(),
                _ => assert!(Instant::now() < deadline, "not seen: {stone:?}"),
            }
            sleep(Duration::from_millis(50)).await;
        };
        let first = first.get_or_insert_with(|| seen.clone());
        assert_eq!(seen["id"], first["id"]);
        assert_eq!(ada.gifts(&hana).await.len(), shipped + 1);
    }
    let ada = ada.through(&server.door);
    let given = ada.give(&hana, "river_stone").await.ok();
    assert_eq!(given["interactions"][0]["affection_change"], 6);
}

/// Files that are wrong, and what is told of each.
const BROKEN: [(&str, &str, &[&str]); 9] = [
    (
        "gifts/rocks.toml",
        "[rock]\nname = \"A rock\"\ndescription = \"Grey.\"\ntags = []\nbase = 11\n",
        &["rocks.toml", "line 5", "base", "1 to 10"],
    ),
    (
        "gifts/rocks.toml",
        "[rock]\nname = \"A rock\"\ndescription = \"Grey.\"\ntags = []\nbase = 1\ncolour = \"grey\"\n",
        &["rocks.toml", "line 6", "colour"],
    ),
    (
        "gifts/rocks.toml",
        "[rock]\nname = \"A rock\"\ntags = []\nbase = 1\n",
        &["rocks.toml", "line 1", "description"],
    ),
    (
        "gifts/rocks.toml",
        "[\"A rock\"]\nname = \"A rock\"\ndescription = \"Grey.\"\ntags = []\nbase = 1\n",
        &["rocks.toml", "line 1"],
    ),
    (
        "gifts/rocks.toml",
        "[river_stone]\nname = \"A rock\"\ndescription = \"Grey.\"\ntags = []\nbase = 1\n",
        &["rocks.toml", "stones.toml", "river_stone"],
    ),
    (
        "dates/walks.toml",
        "[walk]\nname = \"A walk\"\ndescription = \"Far.\"\ntags = []\nbase = 3\ncooldown_hours = 0\n",
        &["walks.toml", "line 6", "cooldown_hours"],
    ),
    (
        "events/rain.toml",
        "[rain]\ntitle = \"Rain\"\nscene = \"It rains.\"\ntrigger = { on = \"drizzle\" }\n",
        &["rain.toml", "line 4", "drizzle"],
    ),
    (
        "events/rain.toml",
        "[rain]\ntitle = \"Rain\"\nscene = \"It rains.\"\ntrigger = { on = \"level\", level = 1 }\n\
         repeat = { cooldown_days = 2 }\n[[rain.choices]]\nkey = \"stay\"\nlabel = \"Stay\"\neffect = 1\nline = \"Dry.\"\n",
        &["rain.toml", "rain", "repeat", "at least 7 days"],
    ),
    (
        "companions/iris.toml",
        "key = \"iris\"\nname = \"Iris\"\n[personality]\n[stats]\nwarmth = 101\n",
        &["iris.toml", "line 5", "warmth", "0 to 100"],
    ),
];

async fn a_broken_file_is_refused_by_place_and_nothing_is_written(world: World) {
    let place = Place::new(world, &[]).await;
    succeeded(&place.run(&["seed"]).await);
    for (no, (file, text, told)) in BROKEN.into_iter().enumerate() {
        let files = [("gifts/stones.toml", STONE), (file, text)];
        let folder = folder(&place, &format!("broken-{no}"), &files);
        refused(&place.run(&words(&folder)).await, told);
    }
    // The good file that lay beside each of them is news.
    let folder = folder(&place, "good", &[("gifts/stones.toml", STONE)]);
    let said = succeeded(&place.run(&words(&folder)).await);
    assert!(said.contains("gifts: 1 added"), "{said}");
}

async fn a_catalogue_that_a_gate_could_not_live_with_is_refused(world: World) {
    let place = Place::new(world, &[]).await;
    succeeded(&place.run(&["seed"]).await);
    let choice =
        "[[confession.choices]]\nkey = \"no\"\nlabel = \"No\"\neffect = 0\nline = \"No.\"\n";
    let event = |trigger: &str, choice: &str| {
        format!(
            "[confession]\ntitle = \"So\"\nscene = \"She speaks.\"\ntrigger = {{ on = {trigger} }}\n{choice}"
        )
    };
    for (no, (text, told)) in [
        // The gate would stand before a wall.
        (event("\"gate\"", choice), &["confession"][..]),
        // The gate would name an event that is none of a gate.
        (
            event("\"affection\", points = 420", choice),
            &["gates.events.7", "confession", "not gate"],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let files = [
            ("gifts/stones.toml", STONE),
            ("events/confession.toml", &text),
        ];
        let folder = folder(&place, &format!("gateless-{no}"), &files);
        refused(&place.run(&words(&folder)).await, told);
    }
    let again = succeeded(&place.run(&["seed"]).await);
    for line in again.lines() {
        assert!(line.contains(": 0 added, 0 updated, "), "{again}");
    }
    let server = place.start().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let gifts = ada.gifts(&hana).await;
    assert!(gifts.iter().all(|gift| gift["key"] != "river_stone"));
}
