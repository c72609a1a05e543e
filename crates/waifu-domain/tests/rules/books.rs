//! The numbers of rule books, and what the rules' words make of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use waifu_domain::affection::RuleBook;
use waifu_domain::relationship::{InteractionKind, Level};
use waifu_domain::waifu::{Percent, Stats};

/// The numbers of a rule book under the names that its file gives them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Numbers {
    pub(crate) levels: Levels,
    pub(crate) gates: Gates,
    pub(crate) chat: Chat,
    pub(crate) taste: Taste,
    pub(crate) gifts: Gifts,
    pub(crate) dates: Dates,
    pub(crate) events: Events,
    pub(crate) absence: Absence,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Levels {
    pub(crate) thresholds: Vec<i32>,
    pub(crate) hysteresis: i32,
    pub(crate) minors_at_most: u8,
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

/// Factors by weight.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names of the file")]
pub(crate) struct Taste {
    pub(crate) liked_permille: [i64; 3],
    pub(crate) disliked_permille: [i64; 3],
    pub(crate) pride_permille: Permille,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithinDays {
    pub(crate) permille: i64,
    pub(crate) days: i64,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gifts {
    pub(crate) repeated: WithinDays,
    pub(crate) birthday: WithinDays,
    pub(crate) cap: Cap,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dates {
    pub(crate) playfulness_permille: Permille,
    pub(crate) repeated: WithinDays,
    pub(crate) cap: Cap,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Events {
    pub(crate) cap: Cap,
    pub(crate) yearly_after_days: i64,
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

    /// The cap of a kind that has one.
    pub(crate) fn cap(&self, kind: InteractionKind) -> Option<Cap> {
        match kind {
            InteractionKind::Chat => Some(self.chat.cap),
            InteractionKind::Gift => Some(self.gifts.cap),
            InteractionKind::Date => Some(self.dates.cap),
            InteractionKind::Event => Some(self.events.cap),
            InteractionKind::Decay | InteractionKind::Reversal | InteractionKind::Adjustment => {
                None
            }
        }
    }

    /// The gain's cap while the birthday gift is given.
    pub(crate) fn birthday_gain(&self) -> i32 {
        let gain = i64::from(self.gifts.cap.gain) * self.gifts.birthday.permille / 1000;
        i32::try_from(gain).expect("a thousand times ten")
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
