//! Levels, held against a model that is written the other way round: not step by step, but as the highest level
//! that may be had; and after a reversal, as what a ledger without the row would have given.

use std::collections::BTreeSet;

use proptest::prelude::*;
use waifu_domain::relationship::{Affection, Fact, Interaction, InteractionKind, Level, Stage};
use waifu_domain::user::AgeGroup;

use crate::books::Numbers;
use crate::life::Life;
use crate::lives::any_history;
use crate::standing::taken_back_by;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn a_level_moves_by_thresholds_hysteresis_gates_and_going_back_alone(history in any_history()) {
        let life = history.live();
        for (place, row) in life.ledger.iter().enumerate() {
            let expected = expected_level(&life, life.person.age_group, place);
            prop_assert_eq!(row.level_after, expected, "row {}", row.place.no);
        }
        prop_assert_eq!(life.ledger.last().map_or(Level::STRANGER, |row| row.level_after), life.state.level);
    }

    #[test]
    fn nobody_becomes_a_stranger_again_unless_what_made_them_friends_is_taken_back(history in any_history()) {
        let life = history.live();
        let mut before = Level::STRANGER;
        for row in &life.ledger {
            let is_back = before > Level::STRANGER && row.level_after == Level::STRANGER;
            prop_assert!(!is_back || row.kind == InteractionKind::Reversal);
            before = row.level_after;
        }
    }

    #[test]
    fn a_verdict_names_the_stage_of_its_last_level(history in any_history()) {
        let life = history.live();
        for (moment, verdict) in life.verdicts() {
            let level = verdict.rows.last().map_or(moment.before.level, |row| row.level_after);
            prop_assert_eq!(verdict.state_after.level, level);
            prop_assert_eq!(verdict.stage_after(), Stage::of(level));
        }
    }
}

/// The level after the row at `place`, for somebody of this age.
pub(crate) fn expected_level(life: &Life, age_group: AgeGroup, place: usize) -> Level {
    let row = &life.ledger[place];
    let rows = &life.ledger[..=place];
    match taken_back_by(row) {
        Some(no) => level_without(life, age_group, rows, no),
        None => level_after(
            &life.numbers,
            age_group,
            before(rows, place).1,
            &passed_gates(rows),
            row.affection_after,
        ),
    }
}

/// What `rows` give without row `no`, all that they take back, and the rows that do so.
fn level_without(life: &Life, age_group: AgeGroup, rows: &[Interaction], no: u32) -> Level {
    let voided: BTreeSet<u32> = rows.iter().filter_map(taken_back_by).collect();
    let place = usize::try_from(no).expect("small") - 1;
    let (mut points, mut level) = before(rows, place);
    let counts = |row: &&Interaction| {
        row.kind != InteractionKind::Reversal && !voided.contains(&row.place.no)
    };
    let mut passed = passed_gates(&rows[..place]);
    for row in rows[place..].iter().filter(counts) {
        points = Affection::clamped(points.get() + row.affection_change);
        passed.extend(passes(row));
        level = level_after(&life.numbers, age_group, level, &passed, points);
    }
    let last = rows.last().expect("the reversal itself").affection_after;
    level_after(&life.numbers, age_group, level, &passed, last)
}

fn before(rows: &[Interaction], place: usize) -> (Affection, Level) {
    let before = place.checked_sub(1).map(|before| &rows[before]);
    before.map_or((Affection::NONE, Level::STRANGER), |row| {
        (row.affection_after, row.level_after)
    })
}

/// The gates' events that were passed in these rows.
pub(crate) fn passed_gates(rows: &[Interaction]) -> BTreeSet<String> {
    rows.iter().flat_map(passes).collect()
}

fn passes(row: &Interaction) -> impl Iterator<Item = String> + '_ {
    row.facts.iter().filter_map(|fact| match fact {
        Fact::Passed(event) => Some(event.to_string()),
        Fact::Unlocked(_) | Fact::Kept(_) => None,
    })
}

pub(crate) fn level_after(
    numbers: &Numbers,
    age_group: AgeGroup,
    before: Level,
    passed: &BTreeSet<String>,
    affection: Affection,
) -> Level {
    let affection = affection.get();
    let all = || (0..=Level::HIGHEST.get()).map(|level| Level::try_from(level).expect("a level"));
    let is_minor = age_group == AgeGroup::Minor;
    let ceiling = if is_minor {
        numbers.levels.minors_at_most
    } else {
        10
    };
    let before = before.min(Level::try_from(ceiling).expect("a level"));
    let open = |level: Level| match numbers.gates.events.get(&level.get()) {
        None => level.get() <= ceiling,
        Some(event) => !is_minor && passed.contains(event),
    };
    let reached = |level: Level| affection >= numbers.threshold(level) && open(level);
    let kept = |level: Level| affection >= numbers.threshold(level) - numbers.levels.hysteresis;
    let lowest = before.min(Level::try_from(1).expect("a level"));
    let highest = all()
        .filter(|level| *level > before)
        .take_while(|level| reached(*level))
        .last();
    highest.unwrap_or_else(|| {
        all()
            .rfind(|level| *level <= before && kept(*level))
            .expect("level 0 is always kept")
            .max(lowest)
    })
}
