//! Events in any life: what comes up and when, how often, and what running out does.

use proptest::prelude::*;
use time::Duration;
use waifu_domain::affection::{OpenedEvent, Verdict};
use waifu_domain::events::{EventDefinition, OccurrenceState, Repeat, Trigger};
use waifu_domain::relationship::{Fact, InteractionKind, Level, Presence};
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::user::AgeGroup;
use waifu_domain::waifu::MonthDay;

use crate::life::{Life, Moment, Request};
use crate::lives::any_history;
use crate::standing::{is_presence, standing};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn an_event_opens_exactly_when_its_words_say_so(history in any_history()) {
        let life = history.live();
        for (moment, verdict) in life.verdicts() {
            let scene = Scene { life: &life, moment, verdict };
            let due = life.catalogue.events.iter().filter(|(key, event)| scene.is_due(key, event));
            let due: Vec<OpenedEvent> = due.map(|(key, event)| OpenedEvent {
                event: key.clone(),
                expires_at: event.lifetime().map(|lifetime| verdict.at.plus(lifetime)),
            }).collect();
            prop_assert_eq!(&verdict.opened, &due, "after {:?}", moment.request);
        }
    }

    #[test]
    fn at_most_one_occurrence_of_an_event_pends(history in any_history()) {
        let life = history.live();
        for occurrence in &life.occurrences {
            let later = life.occurrences.iter().filter(|later| later.event == occurrence.event && later.id > occurrence.id);
            for later in later {
                let closed_at = occurrence.state.closed_at();
                prop_assert!(closed_at.is_some_and(|closed| closed <= later.opened_at));
            }
        }
    }

    #[test]
    fn what_comes_once_never_comes_twice_and_nothing_comes_again_too_early(history in any_history()) {
        let life = history.live();
        for (place, again) in life.occurrences.iter().enumerate() {
            let last = life.occurrences[..place].iter().rfind(|last| last.event == again.event);
            let Some(last) = last else {
                continue;
            };
            let event = &life.catalogue.events[&again.event];
            let rest = again.opened_at.since(last.state.closed_at().expect("closed"));
            let gates = &life.numbers.gates;
            match event.repeat {
                Repeat::Once => {
                    prop_assert_eq!(&event.trigger, &Trigger::Gate, "once is once");
                    prop_assert!(rest >= Duration::days(gates.reopen_after_days));
                }
                Repeat::Yearly => {
                    let pause = again.opened_at.since(last.opened_at);
                    prop_assert!(pause >= Duration::days(life.numbers.events.yearly_after_days));
                }
                Repeat::Cooldown(_) => prop_assert!(rest >= Duration::days(cooldown_days(event.repeat))),
            }
        }
    }

    #[test]
    fn running_out_moves_no_affection_and_brings_its_unlocks_alone(history in any_history()) {
        let life = history.live();
        for (moment, verdict) in life.verdicts() {
            let overdue = moment.before.last_occurrences.iter().filter(|last| last.is_overdue(verdict.at));
            let overdue: Vec<_> = overdue.map(|last| last.id).collect();
            let expired = verdict.closed.iter().filter(|closed| closed.expires_at.is_some_and(|at| closed.state == OccurrenceState::Expired { at }));
            let expired: Vec<_> = expired.map(|closed| closed.id).collect();
            prop_assert_eq!(&expired, &overdue);
            if moment.request == Request::Visit {
                prop_assert!(verdict.rows.is_empty());
                prop_assert_eq!(verdict.state_after.affection, moment.before.affection);
                prop_assert_eq!(verdict.state_after.level, moment.before.level);
            }
            let unlocks = verdict.closed.iter().filter(|closed| overdue.contains(&closed.id))
                .flat_map(|closed| &life.catalogue.events[&closed.event].on_expiry.unlocks);
            let mut facts = moment.before.facts.clone();
            facts.extend(unlocks.cloned().map(Fact::Unlocked));
            facts.extend(verdict.rows.iter().flat_map(|row| row.facts.clone()));
            prop_assert_eq!(&verdict.state_after.facts, &facts);
        }
    }

    #[test]
    fn a_choice_brings_what_it_unlocks_and_passes_and_no_other_act_does(history in any_history()) {
        let life = history.live();
        for (moment, verdict) in life.verdicts() {
            let mut brought = Vec::new();
            if let Request::Choice { occurrence, choice } = &moment.request {
                let choice = life.catalogue.events[&occurrence.event].choice(choice).expect("one of its");
                brought.extend(choice.passes_gate.then(|| Fact::Passed(occurrence.event.clone())));
                brought.extend(choice.unlocks.iter().cloned().map(Fact::Unlocked));
            }
            if let Request::Gift(key) = &moment.request {
                brought.extend(life.catalogue.gifts[key].keepsake.then(|| Fact::Kept(key.clone())));
            }
            for fact in &brought {
                prop_assert!(verdict.state_after.facts.contains(fact));
            }
            for fact in verdict.rows.iter().flat_map(|row| &row.facts) {
                prop_assert!(brought.contains(fact) && !moment.before.facts.contains(fact));
            }
        }
    }
}

struct Scene<'a> {
    life: &'a Life,
    moment: &'a Moment,
    verdict: &'a Verdict,
}

impl Scene<'_> {
    fn is_due(&self, key: &Slug, event: &EventDefinition) -> bool {
        let after = &self.verdict.state_after;
        let is_minor = self.life.person.age_group == AgeGroup::Minor;
        let unlocked = |unlock: &Slug| after.facts.contains(&Fact::Unlocked(unlock.clone()));
        (!is_minor || !event.presses_for_return)
            && after.level >= event.requires.least_level
            && event.requires.unlocked.iter().all(unlocked)
            && self.is_triggered(key, &event.trigger)
            && self.has_rested(key, event)
    }

    fn is_triggered(&self, key: &Slug, trigger: &Trigger) -> bool {
        let (life, at) = (self.life, self.verdict.at);
        let after = &self.verdict.state_after;
        let whole_days = |span: Duration| span.whole_days();
        match trigger {
            Trigger::Gate => self.waits_for(key),
            Trigger::First { kind } => self.count(*kind) >= 1,
            Trigger::Nth { kind, n } => {
                i64::try_from(self.count(*kind)).expect("few") >= i64::from(n.get())
            }
            Trigger::Level { level } => after.level >= *level,
            Trigger::Affection { points } => after.affection >= *points,
            Trigger::DaysKnown { days } => after
                .met_at
                .is_some_and(|met| whole_days(at.since(met)) >= days.get().into()),
            Trigger::DaysAbsent { days } => self
                .absent_since()
                .is_some_and(|last| whole_days(at.since(last)) >= days.get().into()),
            Trigger::HerBirthday => life
                .waifu
                .personality
                .birthday
                .is_some_and(|day| self.is_today(day)),
            Trigger::UserBirthday => life
                .person
                .birthday
                .is_some_and(|born| self.is_today(MonthDay::of(born))),
            Trigger::Anniversary => after.met_at.is_some_and(|met| {
                let (met, today) = (
                    life.person.time_zone.date_of(met),
                    life.person.time_zone.date_of(at),
                );
                met.year() < today.year() && self.is_today(MonthDay::of(met))
            }),
            Trigger::Day(day) => self.is_today(*day),
        }
    }

    fn waits_for(&self, key: &Slug) -> bool {
        let after = &self.verdict.state_after;
        let Ok(next) = Level::try_from(after.level.get() + 1) else {
            return false;
        };
        let numbers = &self.life.numbers;
        self.life.person.age_group == AgeGroup::Adult
            && numbers
                .gates
                .events
                .get(&next.get())
                .is_some_and(|event| event == key.as_str())
            && after.affection.get() >= numbers.threshold(next)
            && !after.facts.contains(&Fact::Passed(key.clone()))
    }

    /// Rows that stand once the act is written.
    fn count(&self, presence: Presence) -> usize {
        let rows = &self.life.ledger[..self.moment.rows_before + self.verdict.rows.len()];
        let kind = InteractionKind::from(presence);
        standing(rows).filter(|row| row.kind == kind).count()
    }

    /// The last time that he was there, if this act is a return.
    fn absent_since(&self) -> Option<Timestamp> {
        match self.moment.request {
            Request::Adjustment(_) | Request::Rewind(_) => None,
            Request::Chat { .. }
            | Request::Gift(_)
            | Request::Date(_)
            | Request::Choice { .. }
            | Request::Visit => {
                let rows = self.life.ledger[..self.moment.rows_before].iter();
                rows.rev()
                    .find(|row| is_presence(row))
                    .map(|row| row.timestamp)
            }
        }
    }

    fn is_today(&self, day: MonthDay) -> bool {
        let today = self.life.person.time_zone.date_of(self.verdict.at);
        let (month, date) = (u8::from(today.month()), today.day());
        let is_moved =
            (day.month(), day.day()) == (2, 29) && time::util::days_in_year(today.year()) == 365;
        (month, date)
            == if is_moved {
                (2, 28)
            } else {
                (day.month(), day.day())
            }
    }

    fn has_rested(&self, key: &Slug, event: &EventDefinition) -> bool {
        let at = self.verdict.at;
        let last = self
            .verdict
            .state_after
            .last_occurrences
            .iter()
            .find(|last| last.event == *key);
        let Some(last) = last else {
            return true;
        };
        let Some(closed) = last.state.closed_at() else {
            return false;
        };
        match event.repeat {
            Repeat::Once => {
                let rest = Duration::days(self.life.numbers.gates.reopen_after_days);
                event.trigger == Trigger::Gate && at.since(closed) >= rest
            }
            Repeat::Yearly => {
                at.since(last.opened_at)
                    >= Duration::days(self.life.numbers.events.yearly_after_days)
            }
            Repeat::Cooldown(_) => at.since(closed) >= Duration::days(cooldown_days(event.repeat)),
        }
    }
}

fn cooldown_days(repeat: Repeat) -> i64 {
    let repeat = serde_json::to_value(repeat).expect("plain data");
    repeat["cooldown_days"].as_i64().expect("a cooldown")
}
