//! Going back: chat rows are taken back by rows of their own, newest first, and affection and level come back as they
//! were before them.

use std::collections::BTreeSet;

use crate::ids::TurnId;
use crate::relationship::{Affection, Cause, Fact, Interaction, InteractionKind, Level, Rule};
use crate::user::AgeGroup;

use super::RuleBook;
use super::judge::{Bench, VerdictRow};
use super::levels::Gatekeeper;
use super::tally::Tally;

impl Bench<'_> {
    /// From the first chat row of `turns` on, every one that stands: were a later one left, the level before it could
    /// not come back. `ledger` reaches from the row before that first one to the newest.
    pub(super) fn go_back(
        &mut self,
        turns: &BTreeSet<TurnId>,
        ledger: &[Interaction],
    ) -> Vec<VerdictRow> {
        let mut voided: BTreeSet<u32> = ledger.iter().filter_map(voided_by).collect();
        let is_of_turns = |row: &Interaction| {
            matches!(row.cause, Cause::Turn { turn_id, .. } if turns.contains(&turn_id))
                && !voided.contains(&row.place.no)
        };
        let Some(first) = ledger.iter().position(is_of_turns) else {
            return Vec::new();
        };
        let mut rows = Vec::new();
        for (place, row) in ledger.iter().enumerate().skip(first).rev() {
            if row.kind != InteractionKind::Chat || !voided.insert(row.place.no) {
                continue;
            }
            let (before, since) = ledger.split_at(place);
            let since = &since[1..];
            let change =
                Tally::new(Rule::REVERSAL, -row.affection_change).apply(&[], self.state.affection);
            let later = since.iter().chain([row]).flat_map(|row| &row.facts);
            let later: BTreeSet<&Fact> = later.collect();
            let earlier = self.state.facts.iter();
            let facts = earlier.filter(|fact| !later.contains(fact)).cloned();
            let start = Start {
                affection: before
                    .last()
                    .map_or(Affection::NONE, |row| row.affection_after),
                level: before.last().map_or(Level::STRANGER, |row| row.level_after),
                facts: facts.collect(),
            };
            let replay = Replay {
                book: self.book,
                age_group: self.setting.person.age_group,
                no: row.place.no,
                voided: &voided,
            };
            let level = replay.level(start, since, change.affection_after);
            let cause = Cause::Voided { no: row.place.no };
            let reversal = self.row_at(InteractionKind::Reversal, level, change, cause);
            rows.push(self.enter(reversal));
        }
        rows
    }
}

/// The number of the row that this one takes back.
pub(super) fn voided_by(row: &Interaction) -> Option<u32> {
    match row.cause {
        Cause::Voided { no } => Some(no),
        Cause::Turn { .. }
        | Cause::Gift { .. }
        | Cause::Date { .. }
        | Cause::Occurrence { .. }
        | Cause::Absence
        | Cause::Operator { .. } => None,
    }
}

/// Where a replay sets out from: the row before the one that is taken back.
#[derive(Debug, Clone)]
pub(super) struct Start {
    pub(super) affection: Affection,
    pub(super) level: Level,
    pub(super) facts: BTreeSet<Fact>,
}

/// What the ledger gives without row `no`, and without all that was taken back and the rows that did it.
#[derive(Debug)]
pub(super) struct Replay<'a> {
    pub(super) book: &'a RuleBook,
    pub(super) age_group: AgeGroup,
    pub(super) no: u32,
    pub(super) voided: &'a BTreeSet<u32>,
}

impl Replay<'_> {
    /// The level after the rows `since`, at an affection of `last` in the end.
    pub(super) fn level(&self, start: Start, since: &[Interaction], last: Affection) -> Level {
        let Start {
            affection,
            mut level,
            mut facts,
        } = start;
        let mut points = affection.get();
        let stands = |row: &&Interaction| {
            let is_undone = self.voided.contains(&row.place.no);
            let undoes = voided_by(row).is_some_and(|no| no >= self.no);
            !is_undone && !undoes
        };
        for row in since.iter().filter(stands) {
            facts.extend(row.facts.iter().cloned());
            points = Affection::clamped(points + row.affection_change).get();
            level = self.level_after(level, Affection::clamped(points), &facts);
        }
        self.level_after(level, last, &facts)
    }

    fn level_after(&self, level: Level, affection: Affection, facts: &BTreeSet<Fact>) -> Level {
        let gates = Gatekeeper {
            facts,
            age_group: self.age_group,
        };
        self.book.level_after(level, affection, &gates)
    }
}
