//! Events: which come up and which run out, and what a choice does.

use time::Duration;

use crate::events::{Choice, EventDefinition, EventOccurrence, OccurrenceState, Repeat, Trigger};
use crate::relationship::{Cause, Fact, InteractionKind, Rule};
use crate::slug::Slug;
use crate::user::AgeGroup;
use crate::waifu::MonthDay;

use super::judge::{Bench, OpenedEvent, Refusal, VerdictRow};
use super::tally::Tally;

impl Bench<'_> {
    /// Closes what has waited for too long; unlocks are all that it may bring.
    pub(super) fn expire(&mut self) -> Vec<EventOccurrence> {
        let at = self.at;
        let mut expired = Vec::new();
        for occurrence in &mut self.state.last_occurrences {
            let overdue = occurrence.expires_at.filter(|_| occurrence.is_overdue(at));
            let Some(expired_at) = overdue else {
                continue;
            };
            occurrence.state = OccurrenceState::Expired { at: expired_at };
            if let Some(event) = self.setting.events.get(&occurrence.event) {
                let unlocks = event.on_expiry.unlocks.iter().cloned();
                self.state.facts.extend(unlocks.map(Fact::Unlocked));
            }
            expired.push(occurrence.clone());
        }
        expired
    }

    /// The row of a choice, and the occurrence that it resolves.
    pub(super) fn choose(
        &mut self,
        occurrence: &EventOccurrence,
        choice: &Choice,
    ) -> Result<(VerdictRow, EventOccurrence), Refusal> {
        match &occurrence.state {
            OccurrenceState::Pending if occurrence.is_overdue(self.at) => {
                return Err(Refusal::EventExpired);
            }
            OccurrenceState::Pending => {}
            OccurrenceState::Resolved { .. } => return Err(Refusal::ChoiceTaken),
            OccurrenceState::Expired { .. } => return Err(Refusal::EventExpired),
        }
        let definition = self.setting.events.get(&occurrence.event);
        let is_for_adults = definition
            .is_some_and(|event| event.presses_for_return || event.trigger == Trigger::Gate);
        if is_for_adults && self.setting.person.age_group == AgeGroup::Minor {
            return Err(Refusal::NotForMinors);
        }
        let cap = self.book.events().cap;
        let room = self.room(InteractionKind::Event, cap);
        let change = Tally::new(Rule::event(&occurrence.event), choice.effect.get())
            .apply(&[(Rule::CAP_EVENT, room)], self.state.affection);
        let passed = choice
            .passes_gate
            .then(|| Fact::Passed(occurrence.event.clone()));
        let unlocked = choice.unlocks.iter().cloned().map(Fact::Unlocked);
        let cause = Cause::Occurrence {
            occurrence_id: occurrence.id,
            event: occurrence.event.clone(),
            choice: choice.key.clone(),
        };
        let facts = passed.into_iter().chain(unlocked).collect();
        let row = self.row(InteractionKind::Event, change, cause, facts);
        let resolved = EventOccurrence {
            state: OccurrenceState::Resolved {
                choice: choice.key.clone(),
                at: self.at,
            },
            ..occurrence.clone()
        };
        let last = &mut self.state.last_occurrences;
        if let Some(last) = last.iter_mut().find(|last| last.id == occurrence.id) {
            *last = resolved.clone();
        }
        Ok((row, resolved))
    }

    /// What comes up now. `absence` is how long he was away when he came back with this act.
    pub(super) fn opened(&self, absence: Duration) -> Vec<OpenedEvent> {
        let is_minor = self.setting.person.age_group == AgeGroup::Minor;
        self.setting
            .events
            .iter()
            .filter(|(_, event)| !event.is_retired)
            .filter(|(_, event)| !(is_minor && event.presses_for_return))
            .filter(|(_, event)| event.requires.lack(&self.state).is_none())
            .filter(|(key, event)| self.comes_up(key, &event.trigger, absence))
            .filter(|(key, event)| self.may_come_again(key, event))
            .map(|(key, event)| OpenedEvent {
                event: key.clone(),
                expires_at: event.lifetime().map(|lifetime| self.at.plus(lifetime)),
            })
            .collect()
    }

    pub(super) fn is_her_birthday(&self) -> bool {
        let birthday = self.setting.waifu.personality.birthday;
        birthday.is_some_and(|day| self.is_today(day))
    }

    fn comes_up(&self, key: &Slug, trigger: &Trigger, absence: Duration) -> bool {
        let days = |days: i32| Duration::days(days.into());
        match trigger {
            Trigger::Gate => {
                let waiting = self
                    .book
                    .waiting_gate(&self.state, self.setting.person.age_group);
                waiting == Some(key)
            }
            Trigger::First { kind } => self.state.counts.of(*kind) >= 1,
            Trigger::Nth { kind, n } => {
                i64::from(self.state.counts.of(*kind)) >= i64::from(n.get())
            }
            Trigger::Level { level } => self.state.level >= *level,
            Trigger::Affection { points } => self.state.affection >= *points,
            Trigger::DaysKnown { days: known } => self
                .state
                .met_at
                .is_some_and(|met| self.at.since(met) >= days(known.get())),
            Trigger::DaysAbsent { days: away } => absence >= days(away.get()),
            Trigger::HerBirthday => self.is_her_birthday(),
            Trigger::UserBirthday => {
                let birthday = self.setting.person.birthday.map(MonthDay::of);
                birthday.is_some_and(|day| self.is_today(day))
            }
            Trigger::Anniversary => self.is_anniversary(),
            Trigger::Day(day) => self.is_today(*day),
        }
    }

    fn is_today(&self, day: MonthDay) -> bool {
        day.falls_on(self.setting.person.time_zone.date_of(self.at))
    }

    fn is_anniversary(&self) -> bool {
        let zone = &self.setting.person.time_zone;
        self.state.met_at.is_some_and(|met| {
            let (met, today) = (zone.date_of(met), zone.date_of(self.at));
            today.year() > met.year() && MonthDay::of(met).falls_on(today)
        })
    }

    fn may_come_again(&self, key: &Slug, event: &EventDefinition) -> bool {
        let mut occurrences = self.state.last_occurrences.iter();
        let Some(last) = occurrences.find(|last| last.event == *key) else {
            return true;
        };
        let Some(closed_at) = last.state.closed_at() else {
            return false;
        };
        if event.trigger == Trigger::Gate {
            return self.at.since(closed_at) >= self.book.gate_reopens_after();
        }
        match event.repeat {
            Repeat::Once => false,
            Repeat::Yearly => self.at.since(last.opened_at) >= self.book.events().yearly_after(),
            Repeat::Cooldown(_) => event
                .repeat
                .cooldown()
                .is_some_and(|cooldown| self.at.since(closed_at) >= cooldown),
        }
    }
}
