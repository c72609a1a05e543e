//! A rule book of an operator's own.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::support::chat::{KIND, change_of};
use crate::support::operators::{refused, succeeded};
use crate::support::place::Place;
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_rule_book_that_cannot_be_satisfied_is_refused_at_start,
        a_rule_book_of_ones_own_acts_from_the_next_row_on,
    ],
}

const FILE: &str = "my-rules.toml";
const SETTING: (&str, &str) = ("WAIFU__RULES__FILE", FILE);

/// The shipped rule book with one thing changed; the number of its line.
fn write(place: &Place, from: &str, to: &str) -> usize {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/rules.toml");
    let shipped = fs::read_to_string(shipped).unwrap();
    let place_of_change = shipped.find(from).unwrap_or_else(|| panic!("no {from:?}"));
    let text = shipped.replacen(from, to, 1);
    fs::write(place.folder().join(FILE), text).unwrap();
    shipped[..place_of_change].matches('\n').count() + 1
}

/// What is changed in the rule book, and what is told of it: the key and why.
const UNSATISFIABLE: [(&str, &str, &[&str]); 9] = [
    (
        "7 = \"confession\"",
        "7 = \"confesion\"",
        &["gates.events.7", "there is no event confesion"],
    ),
    (
        "7 = \"confession\"",
        "7 = \"first_chat\"",
        &["gates.events.7", "first_chat"],
    ),
    (
        "thresholds = [0, 5, 25, 60, 120,",
        "thresholds = [0, 5, 25, 60, 60,",
        &["levels.thresholds", "must rise, but 60 follows 60"],
    ),
    (
        "thresholds = [0, 5,",
        "thresholds = [1, 5,",
        &["levels.thresholds", "must start at 0"],
    ),
    (
        "thresholds = [0, 5, 25, 60, 120, 200, 300, 420, 600, 800, 1000]",
        "thresholds = [0, 5, 25, 60, 120, 200, 300, 420, 600, 800, 1001]",
        &["levels.thresholds", "1001"],
    ),
    (
        "cap = { gain = 8, loss = 24, hours = 20 }",
        "cap = { gain = 5, loss = 24, hours = 20 }",
        &["chat.cap.gain", "must be 6 to 1000, is 5"],
    ),
    (
        "cap = { gain = 20, loss = 20, hours = 144 }\n\n# The same date",
        "cap = { gain = 9, loss = 20, hours = 144 }\n\n# The same date",
        &["gifts.cap.gain", "is 9", "moves 10"],
    ),
    (
        "hysteresis = 20",
        "hysterisis = 20",
        &["levels.hysterisis", "unknown field"],
    ),
    (
        "at_most = 30",
        "at_most = \"thirty\"",
        &["absence.at_most", "thirty"],
    ),
];

async fn a_rule_book_that_cannot_be_satisfied_is_refused_at_start(world: World) {
    let place = Place::new(world, &[]).await;
    for is_filled in [false, true] {
        if is_filled {
            succeeded(&place.run(&["seed"]).await);
        }
        for (from, to, told) in UNSATISFIABLE {
            let line = format!("line {}", write(&place, from, to));
            let output = place.run_with(&[SETTING], &["serve"]).await;
            let complaint = refused(&output, told);
            assert!(complaint.contains(FILE), "{to}: {complaint}");
            assert!(complaint.contains(&line), "{to}: no {line} in {complaint}");
        }
    }
    // Nor has any of them left a trace.
    let server = place.start().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    assert_eq!(
        ada.say(&hana, KIND).await.ok()["relationship"]["affection"],
        3
    );
}

async fn a_rule_book_of_ones_own_acts_from_the_next_row_on(world: World) {
    let mut server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    ada.say(&hana, KIND).await.ok();
    assert!(server.stop().await.success());
    write(&server.place, "warm = 3", "warm = 5");
    server.start_again_with(&[SETTING]).await;
    let ada = ada.through(&server.door);
    let done = ada.say(&hana, KIND).await.ok();
    assert_eq!(change_of(&done["interactions"][0]), 5);
    assert_eq!(done["relationship"]["affection"], 8);
    // Each row is held to the book that it was written under.
    let said = succeeded(&server.command(&["verify-ledger"]).await);
    assert_eq!(said.trim(), "the ledger law holds: 1 relationships, 2 rows");
    let ada = ada.through(&server.door);
    let kept = ada.ledger(&hana).await;
    assert_eq!(json!(kept[0]), done["interactions"][0]);
}
