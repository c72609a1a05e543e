//! What the rules remember for longer than their windows: how often things were done, and when last.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Cause, InteractionKind};
use crate::slug::Slug;
use crate::timestamp::Timestamp;

/// A kind of interaction at which the user was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    Chat,
    Gift,
    Date,
    Event,
}

impl Presence {
    pub const ALL: [Self; 4] = [Self::Chat, Self::Gift, Self::Date, Self::Event];
}

impl From<Presence> for InteractionKind {
    fn from(presence: Presence) -> Self {
        match presence {
            Presence::Chat => Self::Chat,
            Presence::Gift => Self::Gift,
            Presence::Date => Self::Date,
            Presence::Event => Self::Event,
        }
    }
}

/// How many rows of each kind stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    pub chat: u32,
    pub gift: u32,
    pub date: u32,
    pub event: u32,
}

impl Counts {
    pub fn of(&self, presence: Presence) -> u32 {
        match presence {
            Presence::Chat => self.chat,
            Presence::Gift => self.gift,
            Presence::Date => self.date,
            Presence::Event => self.event,
        }
    }

    /// Counts a row that was written. A reversal takes back a chat row, and nothing else.
    pub(crate) fn enter(&mut self, kind: InteractionKind) {
        match kind {
            InteractionKind::Chat => self.chat += 1,
            InteractionKind::Gift => self.gift += 1,
            InteractionKind::Date => self.date += 1,
            InteractionKind::Event => self.event += 1,
            InteractionKind::Reversal => self.chat = self.chat.saturating_sub(1),
            InteractionKind::Decay | InteractionKind::Adjustment => {}
        }
    }
}

/// When each gift was given last, and each date gone on, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Deeds {
    pub gifts: BTreeMap<Slug, Timestamp>,
    pub dates: BTreeMap<Slug, Timestamp>,
    pub birthday_gift: Option<Timestamp>,
}

impl Deeds {
    /// Remembers a row that was written.
    pub(crate) fn enter(&mut self, cause: &Cause, at: Timestamp) {
        match cause {
            Cause::Gift { gift, for_birthday } => {
                self.gifts.insert(gift.clone(), at);
                if *for_birthday {
                    self.birthday_gift = Some(at);
                }
            }
            Cause::Date { date } => {
                self.dates.insert(date.clone(), at);
            }
            Cause::Turn { .. }
            | Cause::Occurrence { .. }
            | Cause::Absence
            | Cause::Voided { .. }
            | Cause::Operator { .. } => {}
        }
    }
}
