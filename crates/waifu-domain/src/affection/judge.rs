//! The judge: from what is, what was done and when, to the ledger rows that follow.

use std::collections::BTreeSet;

use time::Duration;

use crate::catalogue::{DatePlan, Events, Gift};
use crate::events::{Choice, EventOccurrence};
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
use super::tally::{Applied, Tally};
use super::{Appraisal, RuleBook, RuleBookHash};

/// Who the two are, and which events there are.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// She, in the version that the act is played with.
    pub waifu: &'a WaifuProfile,
    pub person: &'a Person,
    pub events: &'a Events,
}

/// Something that moves a relationship, or looks after what time has moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act<'a> {
    Chat {
        turn_id: TurnId,
        appraisal: Appraisal,
    },
    Gift {
        key: &'a Slug,
        gift: &'a Gift,
    },
    Date {
        key: &'a Slug,
        date: &'a DatePlan,
    },
    Choice {
        occurrence: &'a EventOccurrence,
        choice: &'a Choice,
    },
    /// The chat rows of these turns are taken back, and with them every later one. `ledger` reaches from the row before
    /// the oldest of them to the newest of all.
    Rewind {
        turns: &'a BTreeSet<TurnId>,
        ledger: &'a [Interaction],
    },
    /// An operator's correction: clamped, but not capped.
    Adjustment {
        points: i32,
        operator_id: UserId,
        reason: &'a str,
    },
    /// The user opens the relationship, and does nothing yet: events come up and run out.
    Visit,
}

/// What an act did. Its rows follow those of the ledger, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub at: Timestamp,
    pub rows: Vec<VerdictRow>,
    /// The state after the last row.
    pub state_after: RelationshipState,
    /// Events that this act opens, by key.
    pub opened: Vec<OpenedEvent>,
    /// Those that it resolves, and those that have run out by now.
    pub closed: Vec<EventOccurrence>,
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedEvent {
    pub event: Slug,
    /// `None`: it waits for as long as it takes.
    pub expires_at: Option<Timestamp>,
}

/// An act that can't be: nothing is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("an adjustment must be between -1000 and 1000 points and not 0")]
    EmptyAdjustment,
    #[error("level {} is needed", .0.get())]
    BelowLevel(Level),
    #[error("{0} has not been unlocked yet")]
    Locked(Slug),
    /// It presses for return, or opens a gate.
    #[error("it is not for minors")]
    NotForMinors,
    #[error("it is too soon to do the same again before {retry_at}")]
    TooSoon { retry_at: Timestamp },
    #[error("another choice has been taken")]
    ChoiceTaken,
    #[error("the event is over")]
    EventExpired,
}

impl Verdict {
    pub fn stage_after(&self) -> Stage {
        Stage::of(self.state_after.level)
    }

    /// Whether there is anything to write.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.opened.is_empty() && self.closed.is_empty()
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
    /// Decides what `act` does at `now`, or at the time of the newest row if that is later.
    pub fn judge(
        &self,
        setting: Setting<'_>,
        state: &RelationshipState,
        act: &Act<'_>,
        now: Timestamp,
    ) -> Result<Verdict, Refusal> {
        let mut bench = Bench {
            book: self,
            setting,
            at: state.time_of_act(now),
            state: state.clone(),
        };
        bench.state.met_at.get_or_insert(bench.at);
        bench.state.level = self.level_that_counts(state.level, setting.person.age_group);
        let absence = bench.absence();
        let mut closed = bench.expire();
        let rows = match act {
            Act::Chat { turn_id, appraisal } => {
                bench.by_the_user(|bench| Ok(bench.chat(*turn_id, *appraisal)))?
            }
            Act::Gift { key, gift } => bench.by_the_user(|bench| bench.gift(key, gift))?,
            Act::Date { key, date } => bench.by_the_user(|bench| bench.date(key, date))?,
            Act::Choice { occurrence, choice } => bench.by_the_user(|bench| {
                let (row, resolved) = bench.choose(occurrence, choice)?;
                closed.push(resolved);
                Ok(row)
            })?,
            Act::Rewind { turns, ledger } => bench.go_back(turns, ledger),
            Act::Adjustment {
                points,
                operator_id,
                reason,
            } => {
                let row = bench.adjustment(*points, *operator_id, reason)?;
                vec![bench.enter(row)]
            }
            Act::Visit => Vec::new(),
        };
        // Neither an operator nor a step back is a return.
        let absence = match act {
            Act::Rewind { .. } | Act::Adjustment { .. } => Duration::ZERO,
            Act::Chat { .. }
            | Act::Gift { .. }
            | Act::Date { .. }
            | Act::Choice { .. }
            | Act::Visit => absence,
        };
        let opened = bench.opened(absence);
        Ok(Verdict {
            at: bench.at,
            rows,
            state_after: bench.state,
            opened,
            closed,
        })
    }
}

/// One act on trial: the state moves on with each row that is entered.
#[derive(Debug)]
pub(super) struct Bench<'a> {
    pub(super) book: &'a RuleBook,
    pub(super) setting: Setting<'a>,
    pub(super) state: RelationshipState,
    pub(super) at: Timestamp,
}

impl Bench<'_> {
    /// A row under which the level moves by thresholds and gates; of `facts`, those that are news.
    pub(super) fn row(
        &self,
        kind: InteractionKind,
        change: Applied,
        cause: Cause,
        mut facts: Vec<Fact>,
    ) -> VerdictRow {
        facts.retain(|fact| !self.state.facts.contains(fact));
        let mut known = self.state.facts.clone();
        known.extend(facts.iter().cloned());
        let gates = Gatekeeper {
            facts: &known,
            age_group: self.setting.person.age_group,
        };
        let level = self
            .book
            .level_after(self.state.level, change.affection_after, &gates);
        VerdictRow {
            facts,
            ..self.row_at(kind, level, change, cause)
        }
    }

    pub(super) fn row_at(
        &self,
        kind: InteractionKind,
        level_after: Level,
        change: Applied,
        cause: Cause,
    ) -> VerdictRow {
        VerdictRow {
            kind,
            at: self.at,
            requested: change.requested,
            applied: change.granted,
            affection_after: change.affection_after,
            level_after,
            reasons: change.reasons,
            facts: Vec::new(),
            cause,
        }
    }

    /// Moves the state on by a row.
    pub(super) fn enter(&mut self, row: VerdictRow) -> VerdictRow {
        let state = &mut self.state;
        state.affection = row.affection_after;
        state.level = row.level_after;
        state.facts.extend(row.facts.iter().cloned());
        state.counts.enter(row.kind);
        state.deeds.enter(&row.cause, row.at);
        state.last_entry_no += 1;
        state.last_entry_at = Some(row.at);
        if row.kind.is_presence() {
            state.last_interaction = Some(row.at);
        }
        if let Cause::Voided { no } = row.cause {
            state.entries.retain(|entry| entry.no != no);
        }
        state.entries.push(StandingEntry {
            no: state.last_entry_no,
            kind: row.kind,
            at: row.at,
            requested_change: row.requested,
            affection_change: row.applied,
            cause: row.cause.clone(),
        });
        row
    }

    /// What a user's absence has cost comes first, and his act is judged on what is left.
    fn by_the_user(
        &mut self,
        act: impl FnOnce(&mut Self) -> Result<VerdictRow, Refusal>,
    ) -> Result<Vec<VerdictRow>, Refusal> {
        let mut rows = Vec::with_capacity(2);
        rows.extend(self.decay().map(|row| self.enter(row)));
        let row = act(self)?;
        rows.push(self.enter(row));
        Ok(rows)
    }

    fn adjustment(
        &self,
        points: i32,
        operator_id: UserId,
        reason: &str,
    ) -> Result<VerdictRow, Refusal> {
        if points == 0 || !(-Affection::MOST..=Affection::MOST).contains(&points) {
            return Err(Refusal::EmptyAdjustment);
        }
        let change = Tally::new(Rule::OPERATOR, points).apply(&[], self.state.affection);
        let cause = Cause::Operator {
            operator_id: Some(operator_id),
            reason: reason.to_owned(),
        };
        Ok(self.row(InteractionKind::Adjustment, change, cause, Vec::new()))
    }

    /// How long the user has been away.
    fn absence(&self) -> Duration {
        let last = self.state.last_interaction;
        last.map_or(Duration::ZERO, |last| self.at.since(last))
    }
}
