//! Caps: what words add and take in any rolling window, counted here afresh from the ledger.

use proptest::prelude::*;
use time::Duration;
use waifu_domain::affection::Appraisal;
use waifu_domain::relationship::{Affection, Cause, Interaction, InteractionKind};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::user::AgeGroup;

use crate::books::{Numbers, any_numbers, any_stats};
use crate::lives::{Deed, History, Life, any_history, said, start};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_rolling_window_gains_or_loses_more_than_its_cap(history in any_history()) {
        let life = history.live();
        let cap = life.numbers.chat.cap;
        for window in windows(&life) {
            let gained: i32 = window.iter().map(|row| row.affection_change.max(0)).sum();
            let lost: i32 = window.iter().map(|row| -row.affection_change.min(0)).sum();
            prop_assert!(gained <= cap.gain, "gained {gained} of {}", cap.gain);
            prop_assert!(lost <= cap.loss, "lost {lost} of {}", cap.loss);
        }
    }

    #[test]
    fn small_talk_never_gains_more_than_its_share(history in any_history()) {
        let life = history.live();
        let share = life.numbers.share(&life.waifu.stats);
        for window in windows(&life) {
            let small_talk = window.iter().filter(|row| is_small_talk(row));
            let gained: i32 = small_talk.map(|row| row.affection_change).sum();
            prop_assert!(gained <= share, "gained {gained} of {share}");
        }
    }

    /// A cap cuts no more than it must: what fits into the window is applied in whole.
    #[test]
    fn words_gain_all_that_cap_share_and_clamp_leave(history in any_history()) {
        let life = history.live();
        let Numbers { chat, .. } = &life.numbers;
        let share = life.numbers.share(&life.waifu.stats);
        for (place, row) in chats(&life) {
            let earlier = || in_window_at(&life, row.timestamp).filter(|other| other.place.no < row.place.no);
            let gained = |rows: &mut dyn Iterator<Item = &Interaction>| -> i32 {
                rows.map(|row| row.affection_change.max(0)).sum()
            };
            let lost: i32 = earlier().map(|row| -row.affection_change.min(0)).sum();
            let mut most = chat.cap.gain - gained(&mut earlier());
            if is_small_talk(row) {
                most = most.min(share - gained(&mut earlier().filter(|row| is_small_talk(row))));
            }
            let capped = row.requested_change.clamp(lost - chat.cap.loss, most.max(0));
            let before = place.checked_sub(1).map_or(0, |place| life.ledger[place].affection_after.get());
            let expected = (before + capped).clamp(0, Affection::MOST) - before;
            prop_assert_eq!(row.affection_change, expected);
        }
    }

    /// What the rules are given may be cut to the longest window and the five rows that decide her mood.
    #[test]
    fn rows_older_than_the_longest_window_change_no_verdict(history in any_history()) {
        let life = history.live();
        for moment in &life.moments {
            let at = moment.verdict.rows[0].at;
            let opens = at.minus(life.book.longest_window());
            let mut short = moment.before.clone();
            let newest = short.entries.len().saturating_sub(5);
            let mut place = 0;
            short.entries.retain(|entry| {
                place += 1;
                place > newest || entry.at > opens
            });
            let appraisal = Appraisal::Neutral;
            let whole = life.verdict(&moment.before, &said(appraisal), moment.now).expect("a chat");
            let cut = life.verdict(&short, &said(appraisal), moment.now).expect("a chat");
            prop_assert_eq!(cut.rows, whole.rows);
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
        let evening = |words: &[Appraisal]| {
            let times = (0..).map(|place| start().plus(within * place));
            let words = words.iter().map(|words| Deed::Say(*words));
            let history = History {
                numbers: numbers.clone().without_absence(),
                stats: stats.clone(),
                age_group: AgeGroup::Adult,
                deeds: std::iter::once((start(), Deed::Adjust(affection)))
                    .chain(times.zip(words))
                    .collect(),
            };
            history.live().affection()
        };
        prop_assert_eq!(evening(&said), evening(&reordered));
    }
}

fn gaining_words() -> impl Strategy<Value = Vec<Appraisal>> {
    let kinds = vec![Appraisal::Neutral, Appraisal::Warm, Appraisal::Affectionate];
    prop::collection::vec(prop::sample::select(kinds), 2..16)
}

/// The chat rows in each window `(t − hours, t]` that ends with a chat row.
fn windows(life: &Life) -> impl Iterator<Item = Vec<&Interaction>> {
    chats(life).map(|(_, row)| in_window_at(life, row.timestamp).collect())
}

fn in_window_at(life: &Life, t: Timestamp) -> impl Iterator<Item = &Interaction> {
    let span = Duration::hours(life.numbers.chat.cap.hours);
    chats(life)
        .map(|(_, row)| row)
        .filter(move |row| row.timestamp <= t && t.since(row.timestamp) < span)
}

/// With their places in the ledger.
fn chats(life: &Life) -> impl Iterator<Item = (usize, &Interaction)> {
    let rows = life.ledger.iter().enumerate();
    rows.filter(|(_, row)| row.kind == InteractionKind::Chat)
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
