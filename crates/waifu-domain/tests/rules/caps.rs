//! Caps: what each kind adds and takes in any rolling window, counted here afresh from the ledger.

use proptest::prelude::*;
use time::Duration;
use waifu_domain::affection::Appraisal;
use waifu_domain::relationship::{
    Affection, Cause, Interaction, InteractionKind, RelationshipState,
};
use waifu_domain::timestamp::Timestamp;

use crate::any_book::any_numbers;
use crate::books::Cap;
use crate::life::Life;
use crate::lives::{Deed, History, any_history, start};
use crate::people::{aiko, any_stats};
use crate::standing::{gained, lost, within};
use crate::unlocks::{give, with_gifts};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_rolling_window_gains_or_loses_more_than_its_cap(history in any_history()) {
        let life = history.live();
        for (place, row, cap) in capped_rows(&life) {
            let rows = &life.ledger[..=place];
            let window = within(rows, row.kind, Duration::hours(cap.hours), row.timestamp);
            let has_birthday = window.clone().any(is_for_birthday);
            let most = if has_birthday { life.numbers.birthday_gain().max(cap.gain) } else { cap.gain };
            prop_assert!(gained(window.clone()) <= most, "gained more than {most} with row {}", place + 1);
            prop_assert!(lost(window) <= cap.loss, "lost more than {} with row {}", cap.loss, place + 1);
        }
    }

    #[test]
    fn small_talk_never_gains_more_than_its_share(history in any_history()) {
        let life = history.live();
        let share = life.numbers.share(&life.waifu.stats);
        for (place, row, cap) in capped_rows(&life) {
            let rows = &life.ledger[..=place];
            let window = within(rows, InteractionKind::Chat, Duration::hours(cap.hours), row.timestamp);
            if row.kind == InteractionKind::Chat {
                prop_assert!(gained(window.filter(|row| is_small_talk(row))) <= share, "more than {share}");
            }
        }
    }

    /// A cap cuts no more than it must: what fits into the window is applied in whole.
    #[test]
    fn an_act_moves_all_that_cap_share_and_clamp_leave(history in any_history()) {
        let life = history.live();
        let share = life.numbers.share(&life.waifu.stats);
        for (place, row, cap) in capped_rows(&life) {
            let rows = &life.ledger[..place];
            let earlier = within(rows, row.kind, Duration::hours(cap.hours), row.timestamp);
            let gain = if is_for_birthday(row) { life.numbers.birthday_gain() } else { cap.gain };
            let mut most = gain - gained(earlier.clone());
            if is_small_talk(row) {
                most = most.min(share - gained(earlier.clone().filter(|row| is_small_talk(row))));
            }
            let least = lost(earlier) - cap.loss;
            let capped = row.requested_change.clamp(least.min(0), most.max(0));
            let before = place.checked_sub(1).map_or(0, |place| life.ledger[place].affection_after.get());
            let expected = (before + capped).clamp(0, Affection::MOST) - before;
            prop_assert_eq!(row.affection_change, expected, "row {}", place + 1);
        }
    }

    /// What the rules are given may be cut to the horizon and the five rows that decide her mood.
    #[test]
    fn rows_beyond_the_horizon_change_no_verdict(history in any_history()) {
        let life = history.live();
        for (moment, verdict) in life.verdicts() {
            let short = cut_to_the_horizon(&life, &moment.before, verdict.at);
            prop_assert_eq!(short.mood(), moment.before.mood());
            let cut = life.judge(&moment.request, &short, moment.rows_before, moment.now).expect("as before");
            prop_assert_eq!(&cut.rows, &verdict.rows);
            prop_assert_eq!(&cut.opened, &verdict.opened);
        }
    }

    #[test]
    fn the_order_of_gaining_words_within_a_window_does_not_matter(
        (said, reordered) in gaining_words().prop_flat_map(|words| {
            let reordered = Just(words.clone()).prop_shuffle();
            (Just(words), reordered)
        }),
        numbers in any_numbers(),
        stats in any_stats(),
        affection in 1i32..=1000,
    ) {
        let within = Duration::hours(numbers.chat.cap.hours) / 32;
        let mut evening = History::plain(numbers.without_absence());
        evening.waifu.stats = stats;
        let after = |words: &[Appraisal]| {
            let times = (0..).map(|place| start().plus(within * place));
            let words = words.iter().map(|words| Deed::Say(*words));
            let first = (start(), Deed::Adjust(affection));
            evening.with_deeds(std::iter::once(first).chain(times.zip(words)).collect()).live().affection()
        };
        prop_assert_eq!(after(&said), after(&reordered));
    }
}

#[test]
fn a_gift_over_its_cap_earns_nothing_until_the_first_leaves_the_window() {
    let mut life = with_gifts(aiko(), &[("cake", 10), ("rose", 10), ("book", 9)]);
    let mut given = |key: &str, after: Duration| {
        give(&mut life, key, start().plus(after)).expect("a gift");
        life.ledger.last().expect("a row").affection_change
    };
    assert_eq!(given("cake", Duration::ZERO), 10);
    assert_eq!(given("rose", Duration::hours(1)), 10);
    assert_eq!(
        given("book", Duration::hours(144) - Duration::microseconds(1)),
        0
    );
    assert_eq!(
        given("book", Duration::hours(144)),
        4,
        "half of 9: it was given before"
    );
}

fn gaining_words() -> impl Strategy<Value = Vec<Appraisal>> {
    let kinds = vec![Appraisal::Neutral, Appraisal::Warm, Appraisal::Affectionate];
    prop::collection::vec(prop::sample::select(kinds), 2..16)
}

/// The rows of kinds that have a cap, with their places in the ledger.
fn capped_rows(life: &Life) -> impl Iterator<Item = (usize, &Interaction, Cap)> {
    let rows = life.ledger.iter().enumerate();
    rows.filter_map(|(place, row)| Some((place, row, life.numbers.cap(row.kind)?)))
}

fn cut_to_the_horizon(life: &Life, state: &RelationshipState, at: Timestamp) -> RelationshipState {
    let horizon = life.book.horizon(at);
    let felt = state.entries.iter().rev();
    let felt = felt.filter(|entry| entry.kind.is_presence()).take(5);
    let newest: Vec<u32> = felt.map(|entry| entry.no).collect();
    let mut short = state.clone();
    short.entries.retain(|entry| {
        let opens = if entry.kind == InteractionKind::Chat {
            horizon.chats
        } else {
            horizon.deeds
        };
        entry.at > opens || newest.contains(&entry.no)
    });
    short
}

fn is_small_talk(row: &Interaction) -> bool {
    matches!(
        row.cause,
        Cause::Turn {
            appraisal: Appraisal::Neutral,
            ..
        }
    )
}

fn is_for_birthday(row: &Interaction) -> bool {
    matches!(
        row.cause,
        Cause::Gift {
            for_birthday: true,
            ..
        }
    )
}
