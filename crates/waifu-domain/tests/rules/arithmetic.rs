//! Sums: affection stays within its bounds, and reasons say what moved it.

use proptest::prelude::*;
use waifu_domain::affection::Refusal;
use waifu_domain::relationship::{Affection, Reason};

use crate::lives::{Deed, adjusted, any_history};

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
    fn an_adjustment_obeys_the_clamp_and_no_cap(history in any_history(), points in -1000i32..=1000) {
        prop_assume!(points != 0);
        let mut life = history.live();
        let before = life.affection();
        let now = history.deeds[0].0;
        life.perform(Deed::Adjust(points), now).expect("within bounds");
        prop_assert_eq!(life.affection(), (before + points).clamp(0, Affection::MOST));
    }

    #[test]
    fn a_refused_act_writes_nothing(history in any_history(), refused in any_refused(), at in any::<prop::sample::Index>()) {
        let place = at.index(history.deeds.len());
        let mut deeds = history.deeds.clone();
        deeds.insert(place, (deeds[place].0, Deed::Adjust(refused)));
        let tried = history.with_deeds(deeds).live();
        let untried = history.live();
        prop_assert_eq!(&tried.ledger, &untried.ledger);
        prop_assert_eq!(&tried.state, &untried.state);
        let again = tried.verdict(&tried.state, &adjusted(refused), history.deeds[place].0);
        prop_assert_eq!(again, Err(Refusal::EmptyAdjustment));
    }
}

fn sum<'a>(reasons: impl Iterator<Item = &'a Reason>) -> i32 {
    reasons.map(|reason| reason.effect).sum()
}

fn any_refused() -> impl Strategy<Value = i32> {
    prop_oneof![
        Just(0),
        Just(i32::MIN),
        i32::MIN..-Affection::MOST,
        Affection::MOST + 1..=i32::MAX,
    ]
}
