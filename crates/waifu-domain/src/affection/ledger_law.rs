//! The ledger law: what holds of every relationship's rows, whoever wrote them.

use std::collections::BTreeSet;

use crate::relationship::{
    Affection, Counts, Deeds, Fact, Interaction, InteractionKind, Level, Rule,
};
use crate::timestamp::Timestamp;
use crate::user::AgeGroup;

use super::going_back::{Replay, Start, voided_by};
use super::levels::Gatekeeper;
use super::{RuleBook, RuleBookHash};

/// The first row that breaks the law, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {no} breaks the ledger law: {why}")]
pub struct LawBroken {
    pub no: u32,
    pub why: &'static str,
}

/// What all rows of a ledger come to: a relationship's cache has to say the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerSum {
    pub affection: Affection,
    pub level: Level,
    /// A relationship may know more: events that run out unlock things without a row.
    pub facts: BTreeSet<Fact>,
    pub last_interaction: Option<Timestamp>,
    pub counts: Counts,
    pub deeds: Deeds,
}

/// Walks a whole ledger in its order. `book` finds the rule book under which a row was written.
pub fn check_ledger<'a>(
    rows: &[Interaction],
    book: impl Fn(RuleBookHash) -> Option<&'a RuleBook>,
) -> Result<LedgerSum, LawBroken> {
    let mut walk = Walk::default();
    for (place, row) in rows.iter().enumerate() {
        let broken = |why| LawBroken {
            no: row.place.no,
            why,
        };
        let book = book(row.rule_book).ok_or(broken("its rule book is not stored"))?;
        walk.check(&rows[..place], row, book).map_err(broken)?;
        walk.enter(row);
    }
    Ok(walk.sum)
}

#[derive(Debug, Default)]
struct Walk {
    sum: LedgerSum,
    last_at: Option<Timestamp>,
    voided: BTreeSet<u32>,
}

impl Walk {
    /// `earlier` are all the rows before this one.
    fn check(
        &mut self,
        earlier: &[Interaction],
        row: &Interaction,
        book: &RuleBook,
    ) -> Result<(), &'static str> {
        if usize::try_from(row.place.no) != Ok(earlier.len() + 1) {
            return Err("its number does not follow the one before");
        }
        if self.last_at.is_some_and(|last| row.timestamp < last) {
            return Err("it is dated before the row before it");
        }
        if row.affection_after.get() != self.sum.affection.get() + row.affection_change {
            return Err("affection_after is not that of the row before plus affection_change");
        }
        let told: i32 = row.reasons.iter().map(|reason| reason.effect).sum();
        if row.reasons.is_empty() || told != row.affection_change {
            return Err("its reasons do not add up to affection_change");
        }
        if requested(row) != row.requested_change {
            return Err("its reasons before cap and clamp do not add up to requested_change");
        }
        match (row.kind, voided_by(row)) {
            (InteractionKind::Reversal, Some(no)) => self.check_reversal(earlier, row, no, book),
            (InteractionKind::Reversal, None) => Err("it names no row that it takes back"),
            (_, Some(_)) => Err("only a reversal takes a row back"),
            (_, None) => self.check_level(row, book),
        }
    }

    /// The ledger does not say whether the user was marked a minor when the row was written: either reading will do.
    fn check_level(&self, row: &Interaction, book: &RuleBook) -> Result<(), &'static str> {
        let mut facts = self.sum.facts.clone();
        facts.extend(row.facts.iter().cloned());
        let follows = |age_group| {
            let gates = Gatekeeper {
                facts: &facts,
                age_group,
            };
            row.level_after == book.level_after(self.sum.level, row.affection_after, &gates)
        };
        if [AgeGroup::Adult, AgeGroup::Minor].into_iter().any(follows) {
            Ok(())
        } else {
            Err("level_after does not follow from the thresholds and gates")
        }
    }

    fn check_reversal(
        &mut self,
        earlier: &[Interaction],
        row: &Interaction,
        no: u32,
        book: &RuleBook,
    ) -> Result<(), &'static str> {
        let place = usize::try_from(no).ok().and_then(|no| no.checked_sub(1));
        let meant = place.and_then(|place| Some((place, earlier.get(place)?)));
        let Some((place, taken_back)) =
            meant.filter(|(_, meant)| meant.kind == InteractionKind::Chat)
        else {
            return Err("what it takes back is no chat row before it");
        };
        if !self.voided.insert(no) {
            return Err("what it takes back was taken back before");
        }
        if row.requested_change != -taken_back.affection_change {
            return Err("it does not take back what the row gave");
        }
        if row.reasons[0].rule != Rule::REVERSAL {
            return Err("its reasons are not those of a reversal");
        }
        let (before, since) = earlier.split_at(place);
        let mut start = Start {
            affection: Affection::NONE,
            level: Level::STRANGER,
            facts: before.iter().flat_map(|row| row.facts.clone()).collect(),
        };
        if let Some(last) = before.last() {
            (start.affection, start.level) = (last.affection_after, last.level_after);
        }
        let follows = |age_group| {
            let replay = Replay {
                book,
                age_group,
                no,
                voided: &self.voided,
            };
            row.level_after == replay.level(start.clone(), &since[1..], row.affection_after)
        };
        if [AgeGroup::Adult, AgeGroup::Minor].into_iter().any(follows) {
            Ok(())
        } else {
            Err("level_after is not what the ledger gives without the row that it takes back")
        }
    }

    fn enter(&mut self, row: &Interaction) {
        let sum = &mut self.sum;
        sum.affection = row.affection_after;
        sum.level = row.level_after;
        sum.facts.extend(row.facts.iter().cloned());
        sum.counts.enter(row.kind);
        sum.deeds.enter(&row.cause, row.timestamp);
        if row.kind.is_presence() {
            sum.last_interaction = Some(row.timestamp);
        }
        self.last_at = Some(row.timestamp);
    }
}

fn requested(row: &Interaction) -> i32 {
    let before_limits = row.reasons.iter().filter(|reason| !reason.rule.is_limit());
    before_limits.map(|reason| reason.effect).sum()
}
