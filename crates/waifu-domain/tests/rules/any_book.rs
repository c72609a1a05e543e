//! Rule books that validate: the shipped one, and others made by moving its numbers.

use proptest::prelude::*;
use waifu_domain::relationship::{Affection, Level};

use crate::books::{
    Absence, Cap, Chat, Dates, Events, Gates, Gifts, Levels, Numbers, Permille, Points, Share,
    Taste, WithinDays,
};

/// The shipped numbers now and then, and any other valid ones else.
pub(crate) fn any_numbers() -> impl Strategy<Value = Numbers> {
    prop_oneof![
        1 => Just(Numbers::shipped()),
        3 => any_moved_numbers(),
    ]
}

fn any_moved_numbers() -> impl Strategy<Value = Numbers> {
    let bonds = (any_levels(), any_gates(), any_absence());
    let deeds = (any_taste(), any_gifts(), any_dates(), any_events());
    (bonds, any_chat(), deeds).prop_map(
        |((levels, gates, absence), chat, (taste, gifts, dates, events))| Numbers {
            levels,
            gates,
            chat,
            taste,
            gifts,
            dates,
            events,
            absence,
        },
    )
}

fn any_levels() -> impl Strategy<Value = Levels> {
    let thresholds = prop::collection::btree_set(1..=Affection::MOST, Level::COUNT - 1);
    let hysteresis = prop_oneof![3 => 0..=40, 1 => 0..=Affection::MOST];
    (thresholds, hysteresis, 1u8..=10).prop_map(|(rising, hysteresis, minors_at_most)| Levels {
        thresholds: std::iter::once(0).chain(rising).collect(),
        hysteresis,
        minors_at_most,
    })
}

fn any_gates() -> impl Strategy<Value = Gates> {
    let guarded = prop::collection::btree_set(1u8..=10, 0..4);
    (guarded, 0i64..=30).prop_map(|(guarded, reopen_after_days)| Gates {
        reopen_after_days,
        events: guarded
            .into_iter()
            .map(|level| (level, format!("gate_of_{level}")))
            .collect(),
    })
}

fn any_chat() -> impl Strategy<Value = Chat> {
    let points = (1i32..=20, 0i32..=40, 0i32..=4, 0i32..=8, 0i32..=12);
    let cap = (0i32..=30, 0i32..=60, 1i64..=72);
    let share = (0i32..=10, 1i32..=100);
    (points, any_permille(), any_permille(), cap, share).prop_map(
        |(steps, gain_permille, loss_permille, (gain, loss, hours), (base, per))| {
            let (cold, harsher, neutral, warmer, dearer) = steps;
            let points = Points {
                hostile: -(cold + harsher),
                cold: -cold,
                neutral,
                warm: neutral + warmer,
                affectionate: neutral + warmer + dearer,
            };
            let gain = points.affectionate + gain;
            Chat {
                points,
                gain_permille,
                loss_permille,
                cap: Cap {
                    gain,
                    loss: loss - points.hostile,
                    hours,
                },
                small_talk: Share {
                    base: base.min(gain),
                    per,
                },
            }
        },
    )
}

fn any_absence() -> impl Strategy<Value = Absence> {
    (0i64..=30, any_permille(), 0i32..=100).prop_map(|(grace_days, permille, at_most)| Absence {
        grace_days,
        permille,
        at_most,
    })
}

fn any_taste() -> impl Strategy<Value = Taste> {
    let liked = prop::array::uniform3(0i64..=3000);
    let disliked = prop::array::uniform3(0i64..=2000);
    (liked, disliked, any_permille()).prop_map(|(liked_permille, disliked_permille, pride)| Taste {
        liked_permille,
        disliked_permille,
        pride_permille: pride,
    })
}

fn any_gifts() -> impl Strategy<Value = Gifts> {
    (
        any_within_days(1500, 40),
        any_within_days(4000, 400),
        any_cap(),
    )
        .prop_map(|(repeated, birthday, cap)| Gifts {
            repeated,
            birthday,
            cap,
        })
}

fn any_dates() -> impl Strategy<Value = Dates> {
    (any_permille(), any_within_days(1500, 60), any_cap()).prop_map(
        |(playfulness_permille, repeated, cap)| Dates {
            playfulness_permille,
            repeated,
            cap,
        },
    )
}

fn any_events() -> impl Strategy<Value = Events> {
    (any_cap(), 0i64..=400).prop_map(|(cap, yearly_after_days)| Events {
        cap,
        yearly_after_days,
    })
}

fn any_within_days(permille: i64, days: i64) -> impl Strategy<Value = WithinDays> {
    (0..=permille, 0..=days).prop_map(|(permille, days)| WithinDays { permille, days })
}

fn any_cap() -> impl Strategy<Value = Cap> {
    (0i32..=40, 0i32..=40, 1i64..=240).prop_map(|(gain, loss, hours)| Cap { gain, loss, hours })
}

/// A line between two valid factors at the ends of the stat's scale.
fn any_permille() -> impl Strategy<Value = Permille> {
    (0i64..=3000, 0i64..=30).prop_map(|(base, end)| Permille {
        base,
        per_point: end - base / 100,
    })
}
