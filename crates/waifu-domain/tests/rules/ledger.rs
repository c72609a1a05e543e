//! The ledger law: it holds of every life, and names the first row that somebody changed.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;
use time::Duration;
use waifu_domain::affection::{LawBroken, RuleBookHash, check_ledger};
use waifu_domain::relationship::{Affection, Fact, Interaction, Level};
use waifu_domain::user::AgeGroup;

use crate::levels::{level_after, with_level_before};
use crate::lives::{Life, any_history};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn the_law_holds_of_every_ledger_and_gives_back_the_cached_affection_and_level(history in any_history()) {
        let life = history.live();
        let found = checked(&life, &life.ledger);
        prop_assert_eq!(found, Ok((life.state.affection, life.state.level)));
    }

    #[test]
    fn a_tampered_row_is_named_by_its_number(history in any_history(), tampering in any_tampering(), place in any::<Index>()) {
        let life = history.live();
        prop_assume!(!life.ledger.is_empty());
        let mut rows = life.ledger.clone();
        let place = place.index(rows.len());
        let Some(named) = tampering.commit(&life, &mut rows, place) else {
            // Nothing to tamper with here.
            return Ok(());
        };
        let found = checked(&life, &rows).map_err(|LawBroken { no, .. }| no);
        prop_assert_eq!(found, Err(named), "{:?} at row {}", tampering, place + 1);
    }
}

fn checked(life: &Life, rows: &[Interaction]) -> Result<(Affection, Level), LawBroken> {
    check_ledger(rows, |hash| {
        (hash == life.book.hash()).then_some(&life.book)
    })
}

#[derive(Debug, Clone, Copy)]
enum Tampering {
    Number(u32),
    Earlier(Duration),
    Later(Duration),
    Change(i32),
    After(i32),
    Level(Level),
    Effect(i32),
    NoReasons,
    OtherRuleBook,
    LostPass,
    Removed,
    Swapped,
}

impl Tampering {
    /// Changes one thing about the row at `place` and tells which number has to be named; `None` when the row
    /// has no such thing, or the change can't be told from the truth.
    fn commit(self, life: &Life, rows: &mut Vec<Interaction>, place: usize) -> Option<u32> {
        let own = rows[place].place.no;
        let next = rows.get(place + 1).map(|row| (row.place.no, row.timestamp));
        let row = &mut rows[place];
        match self {
            Self::Number(no) => {
                row.place.no = no;
                (no != own).then_some(no)
            }
            Self::Earlier(span) => {
                let before = life.ledger[place.checked_sub(1)?].timestamp;
                row.timestamp = before.minus(span);
                Some(own)
            }
            Self::Later(span) => {
                let (no, timestamp) = next?;
                row.timestamp = timestamp.plus(span);
                Some(no)
            }
            Self::Change(by) => {
                row.affection_change += by;
                Some(own)
            }
            Self::After(by) => {
                let other = Affection::clamped(row.affection_after.get() + by);
                let changed = other != row.affection_after;
                row.affection_after = other;
                changed.then_some(own)
            }
            Self::Level(level) => {
                row.level_after = level;
                (!possible_levels(life, place).contains(&level)).then_some(own)
            }
            Self::Effect(by) => {
                row.reasons[0].effect += by;
                Some(own)
            }
            Self::NoReasons => {
                row.reasons.clear();
                Some(own)
            }
            Self::OtherRuleBook => {
                row.rule_book = RuleBookHash::from_bytes([7; 32]);
                Some(own)
            }
            Self::LostPass => lose_the_pass(life, rows),
            Self::Removed => {
                rows.remove(place);
                next.map(|(no, _)| no)
            }
            Self::Swapped => {
                let (no, _) = next?;
                rows.swap(place, place + 1);
                Some(no)
            }
        }
    }
}

/// The ledger doesn't say whether he was marked a minor then: two levels may be true.
fn possible_levels(life: &Life, place: usize) -> BTreeSet<Level> {
    let (before, passed, row) = with_level_before(life).nth(place).expect("a row");
    [AgeGroup::Adult, AgeGroup::Minor]
        .map(|age_group| level_after(&life.numbers, age_group, before, &passed, row))
        .into()
}

/// Forgets the pass of the first gate that a level went through: the row that went through it is named.
fn lose_the_pass(life: &Life, rows: &mut [Interaction]) -> Option<u32> {
    let (no, event) = with_level_before(life).find_map(|(before, _, row)| {
        let went_through =
            |guarded: &u8| (before.get() + 1..=row.level_after.get()).contains(guarded);
        let mut gates = life.numbers.gates.events.iter();
        let (_, event) = gates.find(|(guarded, _)| went_through(guarded))?;
        Some((row.place.no, event.clone()))
    })?;
    let lost = Fact::Passed(event.parse().expect("a slug"));
    for row in rows {
        row.facts.retain(|fact| *fact != lost);
    }
    Some(no)
}

fn any_tampering() -> impl Strategy<Value = Tampering> {
    let by = || prop_oneof![-1000i32..=-1, 1i32..=1000];
    let span = || (1i64..=1_000_000_000_000).prop_map(Duration::microseconds);
    prop_oneof![
        any::<u32>().prop_map(Tampering::Number),
        span().prop_map(Tampering::Earlier),
        span().prop_map(Tampering::Later),
        by().prop_map(Tampering::Change),
        by().prop_map(Tampering::After),
        (0u8..=10).prop_map(|level| Tampering::Level(Level::try_from(level).expect("a level"))),
        by().prop_map(Tampering::Effect),
        Just(Tampering::NoReasons),
        Just(Tampering::OtherRuleBook),
        Just(Tampering::LostPass),
        Just(Tampering::Removed),
        Just(Tampering::Swapped),
    ]
}
