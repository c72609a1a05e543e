//! The judge: from what is, what was done and when, to the ledger rows that follow.

use crate::events::{LastOccurrence, OccurrenceState};
use crate::ids::{TurnId, UserId};
use crate::relationship::{
    Affection, Cause, Fact, Interaction, InteractionKind, LedgerPlace, Level, Reason,
    RelationshipState, Rule, Stage, StandingEntry,
};
use crate::slug::Slug;
use crate::timestamp::Timestamp;
use crate::user::Person;
use crate::waifu::WaifuProfile;

use super::levels::Gatekeeper;
use super::tally::{Applied, Room, Tally};
use super::{Appraisal, RuleBook, RuleBookHash};

/// Something that moves a relationship.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Chat {
        turn_id: TurnId,
        appraisal: Appraisal,
    },
    /// An operator's correction: clamped, but not capped.
    Adjustment {
        points: i32,
        operator_id: UserId,
        reason: String,
    },
}

/// What an act did. Its rows follow those of the ledger, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub rows: Vec<VerdictRow>,
    /// The state after the last row.
    pub state_after: RelationshipState,
    /// Events that this act opens, by key.
    pub opened_events: Vec<Slug>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictRow {
    pub kind: InteractionKind,
    pub at: Timestamp,
    pub requested: i32,
    pub applied: i32,
    pub affection_after: Affection,
    pub level_after: Level,
    pub reasons: Vec<Reason>,
    pub facts: Vec<Fact>,
    pub cause: Cause,
}

/// An act that can't be: nothing is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("an adjustment must be between -1000 and 1000 points and not 0")]
    EmptyAdjustment,
}

impl Verdict {
    pub fn stage_after(&self) -> Stage {
        Stage::of(self.state_after.level)
    }
}

impl VerdictRow {
    /// The row as the ledger keeps it, at its place and under the rule book that gave it.
    pub fn into_interaction(self, place: LedgerPlace, rule_book: RuleBookHash) -> Interaction {
        Interaction {
            place,
            kind: self.kind,
            timestamp: self.at,
            requested_change: self.requested,
            affection_change: self.applied,
            affection_after: self.affection_after,
            level_after: self.level_after,
            reasons: self.reasons,
            facts: self.facts,
            cause: self.cause,
            rule_book,
        }
    }
}

impl RuleBook {
    /// Decides what `act` does at `now`, or at the time of the newest row if that is later. `waifu` is her
    /// in the version that the act was played with.
    pub fn judge(
        &self,
        waifu: &WaifuProfile,
        person: &Person,
        state: &RelationshipState,
        act: &Act,
        now: Timestamp,
    ) -> Result<Verdict, Refusal> {
        let at = state.last_entry_at.map_or(now, |last| last.max(now));
        let mut bench = Bench {
            book: self,
            waifu,
            person,
            state: state.clone(),
            at,
        };
        let mut rows = Vec::with_capacity(2);
        match act {
            Act::Chat { turn_id, appraisal } => {
                rows.extend(bench.decay().map(|row| bench.enter(row)));
                let row = bench.chat(*turn_id, *appraisal);
                rows.push(bench.enter(row));
            }
            Act::Adjustment {
                points,
                operator_id,
                reason,
            } => {
                if *points == 0 || !(-Affection::MOST..=Affection::MOST).contains(points) {
                    return Err(Refusal::EmptyAdjustment);
                }
                let row = bench.adjustment(*points, *operator_id, reason.clone());
                rows.push(bench.enter(row));
            }
        }
        let opened_events = bench.opened_events();
        Ok(Verdict {
            rows,
            state_after: bench.state,
            opened_events,
        })
    }
}

/// One act on trial: the state moves on with each row that is entered.
#[derive(Debug)]
pub(super) struct Bench<'a> {
    pub(super) book: &'a RuleBook,
    pub(super) waifu: &'a WaifuProfile,
    pub(super) person: &'a Person,
    pub(super) state: RelationshipState,
    pub(super) at: Timestamp,
}

impl Bench<'_> {
    pub(super) fn row(&self, kind: InteractionKind, change: Applied, cause: Cause) -> VerdictRow {
        let gates = Gatekeeper::new(&self.state, self.person.age_group);
        VerdictRow {
            kind,
            at: self.at,
            requested: change.requested,
            applied: change.granted,
            affection_after: change.affection_after,
            level_after: self
                .book
                .level_after(self.state.level, change.affection_after, &gates),
            reasons: change.reasons,
            facts: Vec::new(),
            cause,
        }
    }

    fn adjustment(&self, points: i32, operator_id: UserId, reason: String) -> VerdictRow {
        let uncapped = Room {
            gain: Affection::MOST,
            loss: Affection::MOST,
        };
        let change = Tally::new(Rule::OPERATOR, points)
            .apply(&[(Rule::OPERATOR, uncapped)], self.state.affection);
        self.row(
            InteractionKind::Adjustment,
            change,
            Cause::Operator {
                operator_id,
                reason,
            },
        )
    }

    fn enter(&mut self, row: VerdictRow) -> VerdictRow {
        let state = &mut self.state;
        state.affection = row.affection_after;
        state.level = row.level_after;
        state.facts.extend(row.facts.iter().cloned());
        state.last_entry_at = Some(row.at);
        if row.kind.is_presence() {
            state.last_interaction = Some(row.at);
        }
        state.entries.push(StandingEntry {
            no: state.entries.last().map_or(1, |entry| entry.no + 1),
            kind: row.kind,
            at: row.at,
            requested_change: row.requested,
            affection_change: row.applied,
            cause: row.cause.clone(),
        });
        row
    }

    /// The gate's event, when its level waits and it neither pends nor was turned down a moment ago.
    fn opened_events(&self) -> Vec<Slug> {
        let Some(event) = self.book.waiting_gate(&self.state, self.person.age_group) else {
            return Vec::new();
        };
        let last = self
            .state
            .last_occurrences
            .iter()
            .find(|last| last.event == *event);
        let may_open =
            last.is_none_or(|last| last.may_open_again(self.at, self.book.gate_reopens_after()));
        if may_open {
            vec![event.clone()]
        } else {
            Vec::new()
        }
    }
}

impl LastOccurrence {
    fn may_open_again(&self, at: Timestamp, pause: time::Duration) -> bool {
        self.state != OccurrenceState::Pending && at >= self.at.plus(pause)
    }
}
