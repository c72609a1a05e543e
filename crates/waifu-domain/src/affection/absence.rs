//! Absence: the first days cost nothing, later ones a little, and never more than her stage can bear.

use time::Duration;

use crate::relationship::{Cause, InteractionKind, RelationshipState, Rule};
use crate::timestamp::Timestamp;
use crate::user::{AgeGroup, Person};
use crate::waifu::WaifuProfile;

use super::RuleBook;
use super::judge::{Bench, Setting, VerdictRow};
use super::tally::Tally;

impl RuleBook {
    /// The points, 0 or more, that the user's absence has cost by `now` and that his next act will store.
    pub fn pending_decay(
        &self,
        waifu: &WaifuProfile,
        person: &Person,
        state: &RelationshipState,
        now: Timestamp,
    ) -> i32 {
        let Some(last) = state.last_interaction else {
            return 0;
        };
        if person.age_group == AgeGroup::Minor {
            return 0;
        }
        let absence = self.absence();
        // The next act happens no earlier than the newest row, whatever the clock says now.
        let at = state.time_of_act(now);
        let beyond = at.since(last) - Duration::days(absence.grace_days.into());
        let days = beyond.whole_days().max(0);
        let permille = i64::from(absence.permille.of(waifu.stats.patience));
        // Ten thousand years of days times a factor of at most 10,000 stay far inside 64 bits.
        let points = (days * permille / 1000).min(absence.at_most.into());
        let points = i32::try_from(points).expect("at most the rule book's limit");
        let room = state.affection.get() - self.floor_of_stage(state.level).get();
        points.min(room.max(0))
    }
}

impl Bench<'_> {
    /// The row for a due decay; `None` when nothing is due.
    pub(super) fn decay(&self) -> Option<VerdictRow> {
        let Setting { waifu, person, .. } = self.setting;
        let due = self.book.pending_decay(waifu, person, &self.state, self.at);
        if due == 0 {
            return None;
        }
        let change = Tally::new(Rule::ABSENCE, -due).apply(&[], self.state.affection);
        Some(self.row(InteractionKind::Decay, change, Cause::Absence, Vec::new()))
    }
}
