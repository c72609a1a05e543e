//! Recomputes every row of `docs/a-month.md` through the judge: what app developers read there is what happens.

mod page;
mod two;

use page::{Line, PAGE};
use two::Two;

const ROWS_AT_LEAST: usize = 30;

#[test]
fn every_row_of_the_month_is_what_the_judge_gives() {
    let mut two = Two::new();
    let lines = page::lines();
    assert!(lines.len() >= ROWS_AT_LEAST, "a month has more rows");
    let mut faults = Vec::new();
    let mut shown = lines.iter();
    while let Some(done) = next_act(shown.as_slice()) {
        for expected in two.perform(done) {
            let found = shown.next().map_or("nothing", |line| line.text.as_str());
            if found != expected {
                faults.push(format!("expected: {expected}\n   found: {found}"));
            }
        }
    }
    assert_eq!(shown.len(), 0, "an absence at the end costs nothing yet");
    assert!(faults.is_empty(), "docs/a-month.md\n{}", faults.join("\n"));
}

#[test]
fn the_month_shows_every_mechanism_that_it_promises() {
    for rule in [
        "cap.small_talk -",
        "cap.chat -",
        "gift.liked +",
        "gift.repeated -",
        "gift.disliked +",
        "date.repeated -",
        "not before day",
        "chat.hostile -",
        "absence -",
        "event.first_gift +",
        "reversal +",
    ] {
        assert!(PAGE.contains(rule), "no row shows {rule:?}");
    }
}

/// What an absence has cost is told before the act that ends it.
fn next_act(lines: &[Line]) -> Option<&Line> {
    lines.iter().find(|line| line.act != "absence")
}
