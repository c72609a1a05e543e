//! Levels, held against a model that is written the other way round: not step by step, but as the highest level
//! that may be had.

use std::collections::BTreeSet;

use proptest::prelude::*;
use waifu_domain::relationship::{Fact, Interaction, Level, Stage};
use waifu_domain::user::AgeGroup;

use crate::books::Numbers;
use crate::lives::{Life, any_history};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_level_moves_by_thresholds_hysteresis_and_gates_alone(history in any_history()) {
        let life = history.live();
        for (before, passed, row) in with_level_before(&life) {
            let expected = level_after(&life.numbers, life.person.age_group, before, &passed, row);
            prop_assert_eq!(row.level_after, expected, "row {}", row.place.no);
        }
        prop_assert_eq!(life.ledger.last().map_or(Level::STRANGER, |row| row.level_after), life.state.level);
    }

    #[test]
    fn nobody_becomes_a_stranger_again(history in any_history()) {
        let life = history.live();
        let mut levels = life.ledger.iter().map(|row| row.level_after);
        let met = levels.any(|level| level > Level::STRANGER);
        prop_assert!(!met || levels.all(|level| level > Level::STRANGER));
    }

    #[test]
    fn a_verdict_names_the_stage_of_its_last_level(history in any_history()) {
        for moment in history.live().moments {
            prop_assert_eq!(moment.verdict.stage_after(), Stage::of(moment.verdict.state_after.level));
            let last = moment.verdict.rows.last().expect("a judged act has a row");
            prop_assert_eq!(moment.verdict.state_after.level, last.level_after);
        }
    }
}

/// Each row with the level before it and the gates that were passed by then.
pub(crate) fn with_level_before(
    life: &Life,
) -> impl Iterator<Item = (Level, BTreeSet<String>, &Interaction)> {
    let mut level = Level::STRANGER;
    let mut passed = BTreeSet::new();
    life.ledger.iter().map(move |row| {
        for fact in &row.facts {
            match fact {
                Fact::Passed(event) => passed.insert(event.to_string()),
                Fact::Unlocked(_) => false,
            };
        }
        let before = std::mem::replace(&mut level, row.level_after);
        (before, passed.clone(), row)
    })
}

pub(crate) fn level_after(
    numbers: &Numbers,
    age_group: AgeGroup,
    before: Level,
    passed: &BTreeSet<String>,
    row: &Interaction,
) -> Level {
    let affection = row.affection_after.get();
    let all = || (0..=Level::HIGHEST.get()).map(|level| Level::try_from(level).expect("a level"));
    let open = |level: Level| match numbers.gates.events.get(&level.get()) {
        None => true,
        Some(event) => age_group == AgeGroup::Adult && passed.contains(event),
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
