//! Unkindness never pays.
//!
//! Two things make a difference of some points elsewhere, so the properties say where they hold: points gained
//! and lost again at the bottom of the scale still fill the window, which one kind message more, with unkind
//! ones left beside it, can pay for; and small talk that the cap cut may come later and use up a later share.

use proptest::prelude::*;
use time::Duration;
use waifu_domain::affection::Appraisal;
use waifu_domain::timestamp::Timestamp;

use crate::any_book::any_numbers;
use crate::books::Numbers;
use crate::life::Request;
use crate::lives::{Deed, History, after_pauses, any_history, any_words, start};
use crate::people::any_stats;

const KIND: [Appraisal; 2] = [Appraisal::Warm, Appraisal::Affectionate];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn kinder_words_never_end_lower_right_after(history in any_history()) {
        let life = history.live();
        for moment in &life.moments {
            let Request::Chat { turn_id, .. } = moment.request else {
                continue;
            };
            let after = Appraisal::ALL.map(|appraisal| {
                let said = Request::Chat { turn_id, appraisal };
                let verdict = life.judge(&said, &moment.before, moment.rows_before, moment.now);
                verdict.expect("a chat").state_after.affection
            });
            prop_assert!(after.is_sorted(), "{after:?}");
        }
    }

    #[test]
    fn with_kind_words_for_all_unkind_ones_a_history_never_ends_lower(
        history in a_history_of_words(without_small_talk()),
        kind in prop::sample::select(KIND.to_vec()),
    ) {
        let kinder = history.with_deeds(history.deeds.iter().map(|deed| in_place(*deed, kind)).collect());
        prop_assert!(history.live().affection() <= kinder.live().affection());
    }

    #[test]
    fn within_one_window_that_holds_with_small_talk_too(
        history in a_history_of_words(any_words()),
        kind in prop::sample::select(KIND.to_vec()),
    ) {
        let history = within_one_window(&history);
        let kinder = history.with_deeds(history.deeds.iter().map(|deed| in_place(*deed, kind)).collect());
        prop_assert!(history.live().affection() <= kinder.live().affection());
    }

    /// In the middle of the scale, where no clamp gives an unkind word away for nothing.
    #[test]
    fn with_one_kind_word_for_an_unkind_one_a_history_never_ends_lower(
        history in a_history_of_words(without_small_talk()),
        kind in prop::sample::select(KIND.to_vec()),
        which in any::<prop::sample::Index>(),
    ) {
        let history = in_the_middle(history);
        let mut deeds = history.deeds.clone();
        let place = which.index(deeds.len());
        deeds[place] = in_place(deeds[place], kind);
        prop_assert!(history.live().affection() <= history.with_deeds(deeds).live().affection());
    }

    /// The same limits: to say something and to take it back is to have said nothing.
    #[test]
    fn words_that_were_taken_back_never_end_higher_than_kind_ones_in_their_place(
        history in a_history_of_words(without_small_talk()),
        words in any_words(),
        kind in prop::sample::select(KIND.to_vec()),
        which in any::<prop::sample::Index>(),
    ) {
        let history = in_the_middle(history);
        let place = which.index(history.deeds.len());
        let with = |deeds: &[Deed]| {
            let (now, _) = history.deeds[place];
            let mut all = history.deeds.clone();
            all.splice(place + 1..=place, deeds.iter().map(|deed| (now, *deed)));
            history.with_deeds(all).live().affection()
        };
        let taken_back = with(&[Deed::Say(words), Deed::Rewind(0)]);
        prop_assert!(taken_back <= with(&[Deed::Say(kind)]));
        prop_assert_eq!(taken_back, with(&[]));
    }
}

fn in_the_middle(history: History) -> History {
    let mut history = History {
        numbers: Numbers::shipped().without_absence(),
        ..history
    };
    history.deeds[0].1 = Deed::Adjust(500);
    history
}

fn in_place((now, deed): (Timestamp, Deed), kind: Appraisal) -> (Timestamp, Deed) {
    let unkind = [Appraisal::Hostile, Appraisal::Cold].map(Deed::Say);
    let deed = if unkind.contains(&deed) {
        Deed::Say(kind)
    } else {
        deed
    };
    (now, deed)
}

fn within_one_window(history: &History) -> History {
    let step = Duration::hours(history.numbers.chat.cap.hours) / 32;
    let times = (0..).map(|place| start().plus(step * place));
    let deeds = times.zip(history.deeds.iter().map(|(_, deed)| *deed));
    history.with_deeds(deeds.collect())
}

/// An adjustment upwards, then words alone, through several windows; no absence, so that only words move it.
fn a_history_of_words(words: impl Strategy<Value = Appraisal>) -> impl Strategy<Value = History> {
    let pause = prop_oneof![
        (0i64..120).prop_map(Duration::minutes),
        (0i64..30).prop_map(Duration::hours),
    ];
    let words = prop::collection::vec((pause, words.prop_map(Deed::Say)), 1..24);
    (any_numbers(), any_stats(), 1i32..=1000, words).prop_map(
        |(numbers, stats, affection, words)| {
            let first = (Duration::ZERO, Deed::Adjust(affection));
            let mut history = History::plain(numbers.without_absence());
            history.waifu.stats = stats;
            history.with_deeds(after_pauses(std::iter::once(first).chain(words).collect()))
        },
    )
}

fn without_small_talk() -> impl Strategy<Value = Appraisal> {
    prop::sample::select(vec![
        Appraisal::Hostile,
        Appraisal::Cold,
        Appraisal::Warm,
        Appraisal::Affectionate,
    ])
}
