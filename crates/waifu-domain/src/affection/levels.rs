//! Levels: up at each threshold through open gates, down with hysteresis, and never back to a stranger.

use crate::relationship::{Affection, Fact, Level, RelationshipState, Stage};
use crate::slug::Slug;
use crate::user::AgeGroup;

use super::RuleBook;

/// Which gates stand open for one relationship.
#[derive(Debug)]
pub(super) struct Gatekeeper<'a> {
    pub(super) facts: &'a std::collections::BTreeSet<Fact>,
    pub(super) age_group: AgeGroup,
}

impl Gatekeeper<'_> {
    fn lets_into(&self, book: &RuleBook, level: Level) -> bool {
        let is_open = match book.gate(level) {
            None => true,
            Some(event) => {
                self.age_group == AgeGroup::Adult
                    && self.facts.contains(&Fact::Passed(event.clone()))
            }
        };
        is_open && level == book.level_that_counts(level, self.age_group)
    }
}

impl RuleBook {
    /// The level that `affection` gives to somebody who was at `level`.
    pub(super) fn level_after(
        &self,
        level: Level,
        affection: Affection,
        gates: &Gatekeeper<'_>,
    ) -> Level {
        let mut level = self.level_that_counts(level, gates.age_group);
        while let Some(next) = level.next() {
            if affection < self.threshold(next) || !gates.lets_into(self, next) {
                break;
            }
            level = next;
        }
        while let Some(previous) = level.previous() {
            let kept_from = self.threshold(level).get() - self.hysteresis();
            if previous == Level::STRANGER || affection.get() >= kept_from {
                break;
            }
            level = previous;
        }
        level
    }

    /// The level that counts for somebody of this age: one who was marked as a minor when he had come further is held to
    /// less at once, before any row is written.
    pub fn level_that_counts(&self, level: Level, age_group: AgeGroup) -> Level {
        match age_group {
            AgeGroup::Adult => level,
            AgeGroup::Minor => level.min(self.highest_for_minors()),
        }
    }

    /// The event of the gate that holds this level now: affection is there, the event has not been passed.
    pub fn waiting_gate(&self, state: &RelationshipState, age_group: AgeGroup) -> Option<&Slug> {
        let next = state.level.next()?;
        let event = self.gate(next)?;
        let waits = age_group == AgeGroup::Adult
            && state.affection >= self.threshold(next)
            && !state.facts.contains(&Fact::Passed(event.clone()));
        waits.then_some(event)
    }

    /// The affection at which the next level comes; `None` at the highest.
    pub fn next_level_at(&self, level: Level) -> Option<Affection> {
        level.next().map(|next| self.threshold(next))
    }

    /// An absence never takes affection below this.
    pub(super) fn floor_of_stage(&self, level: Level) -> Affection {
        self.threshold(Stage::of(level).first_level())
    }
}
