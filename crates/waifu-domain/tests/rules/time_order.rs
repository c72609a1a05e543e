//! Time: rows never go back in it, and the same inputs give the same verdicts whenever they are judged.

use proptest::prelude::*;
use waifu_domain::affection::RuleBook;

use crate::life::Life;
use crate::lives::any_history;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_same_history_gives_the_same_verdicts_under_a_stored_and_read_rule_book(history in any_history()) {
        let life = history.live();
        let mut again = Life::new(&history);
        again.book = RuleBook::from_json(&life.book.to_json()).expect("it was stored");
        for (now, deed) in &history.deeds {
            let _ = again.perform(*deed, *now);
        }
        prop_assert_eq!(&life.moments, &again.moments);
        prop_assert_eq!(&life.ledger, &again.ledger);
    }

    #[test]
    fn a_preview_on_a_copy_of_the_state_says_what_then_happens(history in any_history()) {
        let mut life = Life::new(&history);
        for (now, deed) in &history.deeds {
            let Some(request) = life.request(*deed) else {
                continue;
            };
            let shown = life.judge(&request, &life.state.clone(), life.ledger.len(), *now);
            let _ = life.submit(request, *now);
            prop_assert_eq!(&shown, &life.moments.last().expect("just judged").outcome);
            if let Ok(shown) = shown && !shown.is_empty() {
                prop_assert_eq!(life.state.affection, shown.state_after.affection);
                prop_assert_eq!(life.state.level, shown.state_after.level);
            }
        }
    }

    #[test]
    fn an_act_happens_now_or_at_the_newest_row_if_that_is_later(history in any_history()) {
        let life = history.live();
        for (moment, verdict) in life.verdicts() {
            let newest = life.ledger[..moment.rows_before].last();
            let expected = newest.map_or(moment.now, |row| moment.now.max(row.timestamp));
            prop_assert_eq!(verdict.at, expected);
            prop_assert!(verdict.rows.iter().all(|row| row.at == expected));
        }
    }

    #[test]
    fn a_clock_that_runs_backwards_gives_the_ledger_of_one_that_stands_still(history in any_history()) {
        let mut backwards = Life::new(&history);
        let deeds = history.deeds.iter().map(|(now, deed)| {
            let newest = backwards.ledger.last();
            let at = newest.map_or(*now, |row| row.timestamp.max(*now));
            let _ = backwards.perform(*deed, *now);
            (at, *deed)
        });
        let standing_still = history.with_deeds(deeds.collect()).live();
        prop_assert_eq!(&backwards.ledger, &standing_still.ledger);
        prop_assert_eq!(&backwards.state, &standing_still.state);
        prop_assert_eq!(&backwards.occurrences, &standing_still.occurrences);
    }
}
