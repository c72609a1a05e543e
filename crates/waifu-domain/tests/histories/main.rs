//! Replays recorded histories through the shipped rule book, row by row.

mod couple;
mod recorded;

use std::fmt::Debug;

use waifu_domain::relationship::Stage;

use couple::Couple;
use recorded::{Case, File};

const RECORDED: usize = 35;

#[test]
fn the_shipped_rule_book_gives_every_recorded_history_row_by_row() {
    let file = File::read();
    assert_eq!(file.cases.len(), RECORDED);
    let catalogue = file.catalogue.build();
    let replay = |case| replay(Couple::new(case, &catalogue), case);
    let faults: Vec<String> = file.cases.iter().flat_map(replay).collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// What was found wrong, each with the case's name and the step.
fn replay(mut couple: Couple<'_>, case: &Case) -> Vec<String> {
    let mut faults = Vec::new();
    for (step, no) in case.steps.iter().zip(1..) {
        let at = format!("{}, step {no}", case.name);
        let done = couple.perform(&step.act, step.at);
        let expected = &step.expect;
        let mut differ = |what: &str, expected: &dyn Debug, found: &dyn Debug| {
            let (expected, found) = (format!("{expected:?}"), format!("{found:?}"));
            if expected != found {
                faults.push(format!("{at}: {what} must be {expected}, is {found}"));
            }
        };
        differ("outcome", &expected.outcome, &done.outcome);
        differ("least level", &expected.least_level, &done.least_level);
        differ("when to retry", &expected.when, &done.retry_at);
        differ("the number of rows", &expected.rows.len(), &done.rows.len());
        for ((expected, found), row) in expected.rows.iter().zip(&done.rows).zip(1..) {
            differ(&format!("row {row}"), expected, found);
        }
        differ("affection", &expected.affection, &couple.state.affection);
        differ("level", &expected.level, &couple.state.level);
        let found = Stage::of(couple.state.level).to_string();
        differ("stage", &expected.stage, &found);
        differ("opened events", &expected.events_opened, &done.opened);
    }
    faults
}
