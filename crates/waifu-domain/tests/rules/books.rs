//! Rule books that validate: the shipped one, and others made by moving its numbers.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use waifu_domain::affection::RuleBook;
use waifu_domain::relationship::{Affection, Level};
use waifu_domain::waifu::{Percent, Stats};

/// The numbers of a rule book under the names that its file gives them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Numbers {
    pub(crate) levels: Levels,
    pub(crate) gates: Gates,
    pub(crate) chat: Chat,
    pub(crate) absence: Absence,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Levels {
    pub(crate) thresholds: Vec<i32>,
    pub(crate) hysteresis: i32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gates {
    pub(crate) reopen_after_days: i64,
    /// Level to event.
    pub(crate) events: BTreeMap<u8, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Chat {
    pub(crate) points: Points,
    pub(crate) gain_permille: Permille,
    pub(crate) loss_permille: Permille,
    pub(crate) cap: Cap,
    pub(crate) small_talk: Share,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Points {
    pub(crate) hostile: i32,
    pub(crate) cold: i32,
    pub(crate) neutral: i32,
    pub(crate) warm: i32,
    pub(crate) affectionate: i32,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Permille {
    pub(crate) base: i64,
    pub(crate) per_point: i64,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cap {
    pub(crate) gain: i32,
    pub(crate) loss: i32,
    pub(crate) hours: i64,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Share {
    pub(crate) base: i32,
    pub(crate) per: i32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Absence {
    pub(crate) grace_days: i64,
    pub(crate) permille: Permille,
    pub(crate) at_most: i32,
}

impl Numbers {
    pub(crate) fn shipped() -> Self {
        serde_json::from_str(&RuleBook::shipped().to_json())
            .expect("these are the names of the shipped rule book's numbers")
    }

    pub(crate) fn book(&self) -> RuleBook {
        let text = serde_json::to_string(self).expect("numbers are plain data");
        RuleBook::from_json(&text).expect("moved within what validates")
    }

    /// The affection at which a level is reached.
    pub(crate) fn threshold(&self, level: Level) -> i32 {
        self.levels.thresholds[usize::from(level.get())]
    }

    /// Points that small talk may add in one window.
    pub(crate) fn share(&self, stats: &Stats) -> i32 {
        self.chat.small_talk.base + i32::from(stats.curiosity.get()) / self.chat.small_talk.per
    }

    /// No absence costs anything: for properties that are about words alone.
    pub(crate) fn without_absence(mut self) -> Self {
        self.absence.at_most = 0;
        self
    }
}

impl Permille {
    pub(crate) fn of(self, stat: Percent) -> i64 {
        self.base + self.per_point * i64::from(stat.get())
    }
}

/// The shipped numbers now and then, and any other valid ones else.
pub(crate) fn any_numbers() -> impl Strategy<Value = Numbers> {
    prop_oneof![
        1 => Just(Numbers::shipped()),
        3 => (any_levels(), any_gates(), any_chat(), any_absence()).prop_map(
            |(levels, gates, chat, absence)| Numbers { levels, gates, chat, absence }
        ),
    ]
}

pub(crate) fn any_stats() -> impl Strategy<Value = Stats> {
    let percent = || {
        prop_oneof![Just(0u8), Just(50), Just(100), 0u8..=100]
            .prop_map(|number| Percent::try_from(number).expect("a percent"))
    };
    (percent(), percent(), percent()).prop_map(|(warmth, patience, curiosity)| Stats {
        warmth,
        patience,
        curiosity,
        ..Stats::default()
    })
}

fn any_levels() -> impl Strategy<Value = Levels> {
    let thresholds = prop::collection::btree_set(1..=Affection::MOST, Level::COUNT - 1);
    let hysteresis = prop_oneof![3 => 0..=40, 1 => 0..=Affection::MOST];
    (thresholds, hysteresis).prop_map(|(rising, hysteresis)| Levels {
        thresholds: std::iter::once(0).chain(rising).collect(),
        hysteresis,
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

/// A line between two valid factors at the ends of the stat's scale.
fn any_permille() -> impl Strategy<Value = Permille> {
    (0i64..=3000, 0i64..=30).prop_map(|(base, end)| Permille {
        base,
        per_point: end - base / 100,
    })
}
