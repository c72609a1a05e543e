//! Refusals: exactly where the rules say so, with why, and with nothing written.

use std::collections::BTreeSet;

use proptest::prelude::*;
use time::Duration;
use waifu_domain::affection::Refusal;
use waifu_domain::events::OccurrenceState;
use waifu_domain::relationship::{Affection, Cause, Fact, Level};
use waifu_domain::slug::Slug;
use waifu_domain::user::AgeGroup;

use crate::levels::{level_after, passed_gates};
use crate::life::{Life, Moment, Request};
use crate::lives::any_history;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn an_act_is_refused_exactly_when_the_rules_say_so_and_says_why(history in any_history()) {
        let life = history.live();
        for moment in &life.moments {
            let found = moment.outcome.as_ref().err().cloned();
            prop_assert_eq!(found, expected(&life, moment), "{:?}", moment.request);
        }
    }

    #[test]
    fn what_came_too_soon_may_come_at_the_time_that_was_named(history in any_history()) {
        let life = history.live();
        for moment in &life.moments {
            let Err(Refusal::TooSoon { retry_at }) = &moment.outcome else {
                continue;
            };
            let tried = |now| life.judge(&moment.request, &moment.before, moment.rows_before, now);
            let early = retry_at.minus(Duration::microseconds(1));
            prop_assert_eq!(tried(early), Err(Refusal::TooSoon { retry_at: *retry_at }));
            let is_soon = matches!(tried(*retry_at), Err(Refusal::TooSoon { .. }));
            prop_assert!(!is_soon);
        }
    }

    #[test]
    fn a_history_without_what_was_refused_is_the_same(history in any_history()) {
        let tried = history.live();
        let mut untried = Life::new(&history);
        for (moment, _) in tried.verdicts() {
            untried.submit(moment.request.clone(), moment.now).expect("it was not refused");
        }
        prop_assert_eq!(&tried.ledger, &untried.ledger);
        prop_assert_eq!(&tried.state, &untried.state);
        prop_assert_eq!(&tried.occurrences, &untried.occurrences);
    }

    /// Without a key to know it by: what a server may ask again does nothing, and opens nothing.
    #[test]
    fn an_act_that_is_tried_again_at_once_changes_nothing_twice(history in any_history()) {
        let mut life = Life::new(&history);
        for (now, deed) in &history.deeds {
            let Some(request) = life.request(*deed) else {
                continue;
            };
            if life.submit(request.clone(), *now).is_err() {
                continue;
            }
            let again = life.judge(&request, &life.state, life.ledger.len(), *now);
            match request {
                Request::Rewind(_) | Request::Visit => {
                    prop_assert!(again.expect("nothing to refuse").is_empty());
                }
                Request::Choice { mut occurrence, choice } => {
                    occurrence.state = life.occurrences.iter().find(|known| known.id == occurrence.id).expect("known").state.clone();
                    let again = life.judge(&Request::Choice { occurrence, choice }, &life.state, life.ledger.len(), *now);
                    prop_assert_eq!(again, Err(Refusal::ChoiceTaken));
                }
                // The same words and gifts may come twice: their keys tell a retry.
                Request::Chat { .. } | Request::Gift(_) | Request::Date(_) | Request::Adjustment(_) => {}
            }
        }
    }

    #[test]
    fn an_adjustment_of_nothing_or_of_more_than_there_is_is_refused(history in any_history(), points in any_refused()) {
        let mut life = history.live();
        let before = life.state.clone();
        let found = life.submit(Request::Adjustment(points), history.deeds[0].0);
        prop_assert_eq!(found, Err(Refusal::EmptyAdjustment));
        prop_assert_eq!(life.state, before);
    }
}

/// From the rules' words: what is lacking, in this order, after absence and expiry have had their due.
fn expected(life: &Life, moment: &Moment) -> Option<Refusal> {
    let at = moment.before.time_of_act(moment.now);
    match &moment.request {
        Request::Gift(key) => {
            let gift = &life.catalogue.gifts[key];
            if gift.presses_for_return && life.person.age_group == AgeGroup::Minor {
                return Some(Refusal::NotForMinors);
            }
            lacking(life, moment, gift.least_level, &gift.requires)
        }
        Request::Date(key) => {
            let date = &life.catalogue.dates[key];
            let lacking = lacking(life, moment, date.least_level, &date.requires);
            let rows = life.ledger[..moment.rows_before].iter();
            let last = rows
                .rev()
                .find(|row| matches!(&row.cause, Cause::Date { date } if date == key));
            let retry_at = last.map(|row| row.timestamp.plus(date.cooldown()));
            let soon = retry_at.filter(|retry_at| at < *retry_at);
            lacking.or(soon.map(|retry_at| Refusal::TooSoon { retry_at }))
        }
        Request::Choice { occurrence, .. } => match occurrence.state {
            OccurrenceState::Resolved { .. } => Some(Refusal::ChoiceTaken),
            OccurrenceState::Expired { .. } => Some(Refusal::EventExpired),
            OccurrenceState::Pending => {
                let is_over = occurrence.expires_at.is_some_and(|expires| expires <= at);
                is_over.then_some(Refusal::EventExpired)
            }
        },
        Request::Adjustment(0) => Some(Refusal::EmptyAdjustment),
        Request::Chat { .. } | Request::Rewind(_) | Request::Adjustment(_) | Request::Visit => None,
    }
}

fn lacking(
    life: &Life,
    moment: &Moment,
    least: Level,
    requires: &BTreeSet<Slug>,
) -> Option<Refusal> {
    let at = moment.before.time_of_act(moment.now);
    let before = &moment.before;
    let decay = life
        .book
        .pending_decay(&life.waifu, &life.person, before, moment.now);
    let left = Affection::clamped(before.affection.get() - decay);
    let passed = passed_gates(&life.ledger[..moment.rows_before]);
    let level = if decay == 0 {
        before.level
    } else {
        level_after(
            &life.numbers,
            life.person.age_group,
            before.level,
            &passed,
            left,
        )
    };
    if level < least {
        return Some(Refusal::BelowLevel(least));
    }
    let expired = before
        .last_occurrences
        .iter()
        .filter(|last| last.is_overdue(at));
    let expired = expired.flat_map(|last| &life.catalogue.events[&last.event].on_expiry.unlocks);
    let expired: BTreeSet<&Slug> = expired.collect();
    let is_missing = |unlock: &&Slug| {
        !expired.contains(*unlock) && !before.facts.contains(&Fact::Unlocked((*unlock).clone()))
    };
    let missing = requires.iter().find(is_missing)?;
    Some(Refusal::Locked(missing.clone()))
}

fn any_refused() -> impl Strategy<Value = i32> {
    prop_oneof![
        Just(0),
        Just(i32::MIN),
        i32::MIN..-Affection::MOST,
        Affection::MOST + 1..=i32::MAX,
    ]
}
