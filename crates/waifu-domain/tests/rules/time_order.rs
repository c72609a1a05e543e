//! Time: rows never go back in it, and the same inputs give the same verdicts whenever they are judged.

use proptest::prelude::*;
use waifu_domain::affection::RuleBook;
use waifu_domain::timestamp::Timestamp;

use crate::lives::{Deed, any_history};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_same_history_gives_the_same_verdicts_under_a_stored_and_read_rule_book(history in any_history()) {
        let life = history.live();
        let again = history.live();
        prop_assert_eq!(&life.moments, &again.moments);
        prop_assert_eq!(RuleBook::from_json(&life.book.to_json()), Ok(again.book));
    }

    #[test]
    fn an_act_happens_now_or_at_the_newest_row_if_that_is_later(history in any_history()) {
        for moment in history.live().moments {
            let expected = moment.before.last_entry_at.map_or(moment.now, |last| moment.now.max(last));
            prop_assert!(moment.verdict.rows.iter().all(|row| row.at == expected));
        }
    }

    #[test]
    fn a_clock_that_runs_backwards_gives_the_ledger_of_one_that_stands_still(history in any_history()) {
        let mut latest = None;
        let standing_still = history.deeds.iter().map(|(now, deed)| {
            let at = latest.map_or(*now, |latest: Timestamp| latest.max(*now));
            if writes_a_row(*deed) {
                latest = Some(at);
            }
            (at, *deed)
        });
        let standing_still = history.with_deeds(standing_still.collect()).live();
        let backwards = history.live();
        prop_assert_eq!(&backwards.ledger, &standing_still.ledger);
        prop_assert_eq!(backwards.state, standing_still.state);
    }
}

/// What writes no row moves no time.
fn writes_a_row(deed: Deed) -> bool {
    match deed {
        Deed::Say(_) => true,
        Deed::Adjust(points) => points != 0,
        Deed::Answer { .. } => false,
    }
}
