//! What somebody might do to a ledger, and which row then has to be named.

use std::collections::BTreeSet;

use proptest::prelude::*;
use time::Duration;
use waifu_domain::affection::RuleBookHash;
use waifu_domain::relationship::{Affection, Cause, Fact, Interaction, InteractionKind, Level};
use waifu_domain::user::AgeGroup;

use crate::levels::expected_level;
use crate::life::Life;
use crate::people::slug;
use crate::standing::taken_back_by;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Tampering {
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
    /// A reversal that takes back another row.
    VoidsAnother(u32),
    /// A reversal that takes back nothing by its cause.
    VoidsNothing,
    /// Something else that claims to take the row before it back.
    FalseReversal,
    /// A reversal of what an earlier one took back.
    VoidsTwice,
    /// More is asked for than the row gave, and told so.
    Requested(i32),
}

impl Tampering {
    /// Changes one thing about the row at `place` and tells which number has to be named; `None` when the row
    /// has no such thing, or the change can't be told from the truth.
    pub(crate) fn commit(
        self,
        life: &Life,
        rows: &mut Vec<Interaction>,
        place: usize,
    ) -> Option<u32> {
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
            Self::VoidsAnother(no) => {
                let truly = taken_back_by(row)?;
                row.cause = Cause::Voided { no };
                (no != truly && !could_be_taken_back(life, place, no)).then_some(own)
            }
            Self::VoidsNothing => {
                taken_back_by(row)?;
                row.cause = Cause::Absence;
                Some(own)
            }
            Self::FalseReversal => {
                let is_reversal = row.kind == InteractionKind::Reversal;
                row.cause = Cause::Voided { no: own - 1 };
                (!is_reversal).then_some(own)
            }
            Self::VoidsTwice => {
                let earlier = life.ledger[..place].iter().find_map(taken_back_by)?;
                taken_back_by(row)?;
                row.cause = Cause::Voided { no: earlier };
                Some(own)
            }
            Self::Requested(by) => {
                row.requested_change += by;
                Some(own)
            }
        }
    }
}

/// The ledger doesn't say whether he was marked a minor then: two levels may be true.
fn possible_levels(life: &Life, place: usize) -> BTreeSet<Level> {
    [AgeGroup::Adult, AgeGroup::Minor]
        .map(|age_group| expected_level(life, age_group, place))
        .into()
}

/// A chat row that gave just as much, and without which the level would be the same, tells no lie.
fn could_be_taken_back(life: &Life, place: usize, no: u32) -> bool {
    let gave = |no: u32| {
        let row = life.ledger[..place].iter().find(|row| row.place.no == no);
        row.filter(|row| row.kind == InteractionKind::Chat)
            .map(|row| row.affection_change)
    };
    let truly = taken_back_by(&life.ledger[place]).expect("a reversal");
    let is_free = !life.ledger[..place]
        .iter()
        .filter_map(taken_back_by)
        .any(|other| other == no);
    is_free && gave(no) == gave(truly)
}

/// Forgets the pass of the first gate that a level went through: the row that went through it is named.
fn lose_the_pass(life: &Life, rows: &mut [Interaction]) -> Option<u32> {
    let mut before = 0;
    let (no, event) = life.ledger.iter().find_map(|row| {
        let level = row.level_after.get();
        let went_through = before + 1..=level;
        before = level;
        let mut gates = life.numbers.gates.events.iter();
        let (_, event) = gates.find(|(guarded, _)| went_through.contains(guarded))?;
        Some((row.place.no, event.clone()))
    })?;
    let lost = Fact::Passed(slug(&event));
    for row in rows {
        row.facts.retain(|fact| *fact != lost);
    }
    Some(no)
}

pub(crate) fn any_tampering() -> impl Strategy<Value = Tampering> {
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
        (0u32..40).prop_map(Tampering::VoidsAnother),
        Just(Tampering::VoidsNothing),
        Just(Tampering::FalseReversal),
        Just(Tampering::VoidsTwice),
        by().prop_map(Tampering::Requested),
    ]
}
