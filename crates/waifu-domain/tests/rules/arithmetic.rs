//! Sums: affection stays within its bounds, reasons say what moved it, and what is asked is one product with one
//! division at the end.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use time::Duration;
use waifu_domain::affection::Appraisal;
use waifu_domain::relationship::{Affection, Cause, Interaction, Reason};
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::waifu::Weight;

use crate::books::WithinDays;
use crate::life::Life;
use crate::lives::{Deed, any_history};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn affection_stays_within_0_and_1000_and_each_row_moves_it_by_its_change(history in any_history()) {
        let mut affection = 0;
        for row in &history.live().ledger {
            affection += row.affection_change;
            prop_assert_eq!(row.affection_after.get(), affection);
            prop_assert!((0..=Affection::MOST).contains(&affection));
        }
    }

    #[test]
    fn reasons_are_never_empty_and_add_up_to_what_was_asked_and_to_what_was_applied(history in any_history()) {
        for row in &history.live().ledger {
            prop_assert!(!row.reasons.is_empty());
            prop_assert_eq!(sum(row.reasons.iter()), row.affection_change);
            let limits = |reason: &&Reason| {
                let rule = reason.rule.as_str();
                rule == "clamp" || rule.starts_with("cap.")
            };
            let asked = sum(row.reasons.iter().filter(|reason| !limits(reason)));
            prop_assert_eq!(asked, row.requested_change);
            let silent = row.reasons.iter().any(|reason| reason.effect == 0);
            prop_assert!(!silent || row.reasons.len() == 1, "a part of 0 only when it is alone");
        }
    }

    #[test]
    fn every_reason_has_a_phrase_of_its_own_for_people(history in any_history()) {
        let life = history.live();
        for reason in life.ledger.iter().flat_map(|row| &row.reasons) {
            prop_assert_ne!(reason.rule.text(), "a rule of its own", "{}", reason.rule);
        }
    }

    #[test]
    fn what_is_asked_is_the_base_times_its_factors_divided_once(history in any_history()) {
        let life = history.live();
        for (place, row) in life.ledger.iter().enumerate() {
            if let Some((base, factors)) = base_and_factors(&life, place, row) {
                prop_assert_eq!(row.requested_change, divided_once(base, &factors), "row {}", place + 1);
            }
        }
    }

    #[test]
    fn an_adjustment_obeys_the_clamp_and_no_cap(history in any_history(), points in -1000i32..=1000) {
        prop_assume!(points != 0);
        let mut life = history.live();
        let before = life.affection();
        let now = history.deeds[0].0;
        life.perform(Deed::Adjust(points), now).expect("within bounds");
        prop_assert_eq!(life.affection(), (before + points).clamp(0, Affection::MOST));
    }
}

fn sum<'a>(reasons: impl Iterator<Item = &'a Reason>) -> i32 {
    reasons.map(|reason| reason.effect).sum()
}

fn divided_once(base: i32, factors: &[i64]) -> i32 {
    let product = factors.iter().fold(i128::from(base), |product, factor| {
        product * i128::from(*factor)
    });
    let whole = factors.iter().fold(product, |whole, _| whole / 1000);
    let rounded = if whole == 0 { product.signum() } else { whole };
    i32::try_from(rounded).expect("small")
}

/// What the rules' words say of a row; `None` for the kinds that are no product.
fn base_and_factors(life: &Life, place: usize, row: &Interaction) -> Option<(i32, Vec<i64>)> {
    let earlier = &life.ledger[..place];
    let numbers = &life.numbers;
    let stats = &life.waifu.stats;
    Some(match &row.cause {
        Cause::Turn { appraisal, .. } => {
            let (points, chat) = (numbers.chat.points, &numbers.chat);
            let (gain, loss) = (
                chat.gain_permille.of(stats.warmth),
                chat.loss_permille.of(stats.patience),
            );
            match appraisal {
                Appraisal::Hostile => (points.hostile, vec![loss]),
                Appraisal::Cold => (points.cold, vec![loss]),
                Appraisal::Neutral => (points.neutral, vec![gain]),
                Appraisal::Warm => (points.warm, vec![gain]),
                Appraisal::Affectionate => (points.affectionate, vec![gain]),
            }
        }
        Cause::Gift {
            gift: key,
            for_birthday,
        } => {
            let gift = &life.catalogue.gifts[key];
            let (base, mut factors) = by_taste(life, gift.base.get(), &gift.tags);
            if base > 0 {
                let last = last_time(
                    earlier,
                    |cause| matches!(cause, Cause::Gift { gift, .. } if gift == key),
                );
                factors.extend(factor_within(numbers.gifts.repeated, last, row.timestamp));
                let birthday = numbers.gifts.birthday;
                factors.extend(for_birthday.then_some(birthday.permille));
            }
            (base, factors)
        }
        Cause::Date { date: key } => {
            let date = &life.catalogue.dates[key];
            let (base, mut factors) = by_taste(life, date.base.get(), &date.tags);
            if base > 0 {
                factors.push(numbers.dates.playfulness_permille.of(stats.playfulness));
                let last = last_time(
                    earlier,
                    |cause| matches!(cause, Cause::Date { date } if date == key),
                );
                factors.extend(factor_within(numbers.dates.repeated, last, row.timestamp));
            }
            (base, factors)
        }
        Cause::Occurrence { event, choice, .. } => {
            let choice = life.catalogue.events[event]
                .choice(choice)
                .expect("one of its choices");
            (choice.effect.get(), Vec::new())
        }
        Cause::Voided { no } => {
            let taken_back = earlier
                .iter()
                .find(|row| row.place.no == *no)
                .expect("an earlier row");
            (-taken_back.affection_change, Vec::new())
        }
        Cause::Absence | Cause::Operator { .. } => return None,
    })
}

fn by_taste(life: &Life, base: i32, tags: &BTreeSet<Slug>) -> (i32, Vec<i64>) {
    let taste = &life.numbers.taste;
    let personality = &life.waifu.personality;
    let strongest = |weights: &BTreeMap<Slug, Weight>| {
        let met = weights.iter().filter(|(tag, _)| tags.contains(*tag));
        met.map(|(_, weight)| usize::from(weight.get())).max()
    };
    let pride = taste.pride_permille.of(life.waifu.stats.pride);
    match (
        strongest(&personality.dislikes),
        strongest(&personality.likes),
    ) {
        (Some(weight), _) => (-base, vec![taste.disliked_permille[weight - 1], pride]),
        (None, Some(weight)) => (base, vec![taste.liked_permille[weight - 1]]),
        (None, None) => (base, Vec::new()),
    }
}

fn last_time(earlier: &[Interaction], is_same: impl Fn(&Cause) -> bool) -> Option<Timestamp> {
    let last = earlier.iter().rfind(|row| is_same(&row.cause));
    last.map(|row| row.timestamp)
}

fn factor_within(rule: WithinDays, last: Option<Timestamp>, at: Timestamp) -> Option<i64> {
    let counts = last.is_some_and(|last| at.since(last) < Duration::days(rule.days));
    counts.then_some(rule.permille)
}
