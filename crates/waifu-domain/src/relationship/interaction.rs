//! Ledger rows: append-only, the truth about a relationship. They hold ids and numbers; words are rendered from
//! what they name.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Affection, Fact, LedgerPlace, Level};
use crate::affection::{Appraisal, RuleBookHash};
use crate::ids::{OccurrenceId, TurnId, UserId};
use crate::slug::Slug;
use crate::timestamp::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interaction {
    pub place: LedgerPlace,
    pub kind: InteractionKind,
    /// Never before that of the row with the number before.
    pub timestamp: Timestamp,
    /// What the rules gave, before cap and clamp.
    pub requested_change: i32,
    /// What was added, after cap and clamp.
    pub affection_change: i32,
    pub affection_after: Affection,
    pub level_after: Level,
    /// Never empty; the effects add up to `affection_change`.
    pub reasons: Vec<Reason>,
    /// What became true with this row.
    pub facts: Vec<Fact>,
    pub cause: Cause,
    pub rule_book: RuleBookHash,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InteractionKind {
    Chat,
    Gift,
    Date,
    Event,
    /// What an absence cost.
    Decay,
    /// A chat row taken back by a rewind.
    Reversal,
    /// An operator's correction.
    Adjustment,
}

/// What a row answers to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Cause {
    Turn {
        turn_id: TurnId,
        appraisal: Appraisal,
    },
    Gift {
        gift: Slug,
        /// It was the one that counts threefold.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        for_birthday: bool,
    },
    Date {
        date: Slug,
    },
    Occurrence {
        occurrence_id: OccurrenceId,
        event: Slug,
        choice: Slug,
    },
    Absence,
    /// The number of the row that was taken back.
    Voided {
        no: u32,
    },
    Operator {
        /// `None`: his account is gone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operator_id: Option<UserId>,
        reason: String,
    },
}

/// What one rule did to a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub rule: Rule,
    /// Points that the rule added to the running value.
    pub effect: i32,
}

/// The name of a rule, such as `chat.warm`, `stat.warmth` or `cap.chat`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rule(Cow<'static, str>);

impl Rule {
    pub const STAT_WARMTH: Self = Self(Cow::Borrowed("stat.warmth"));
    pub const STAT_PATIENCE: Self = Self(Cow::Borrowed("stat.patience"));
    pub const CAP_SMALL_TALK: Self = Self(Cow::Borrowed("cap.small_talk"));
    pub const STAT_PRIDE: Self = Self(Cow::Borrowed("stat.pride"));
    pub const STAT_PLAYFULNESS: Self = Self(Cow::Borrowed("stat.playfulness"));
    pub const GIFT_BASE: Self = Self(Cow::Borrowed("gift.base"));
    pub const GIFT_LIKED: Self = Self(Cow::Borrowed("gift.liked"));
    pub const GIFT_DISLIKED: Self = Self(Cow::Borrowed("gift.disliked"));
    pub const GIFT_REPEATED: Self = Self(Cow::Borrowed("gift.repeated"));
    pub const GIFT_BIRTHDAY: Self = Self(Cow::Borrowed("gift.birthday"));
    pub const DATE_BASE: Self = Self(Cow::Borrowed("date.base"));
    pub const DATE_LIKED: Self = Self(Cow::Borrowed("date.liked"));
    pub const DATE_DISLIKED: Self = Self(Cow::Borrowed("date.disliked"));
    pub const DATE_REPEATED: Self = Self(Cow::Borrowed("date.repeated"));
    pub const CAP_CHAT: Self = Self(Cow::Borrowed("cap.chat"));
    pub const CAP_GIFT: Self = Self(Cow::Borrowed("cap.gift"));
    pub const CAP_DATE: Self = Self(Cow::Borrowed("cap.date"));
    pub const CAP_EVENT: Self = Self(Cow::Borrowed("cap.event"));
    pub const REVERSAL: Self = Self(Cow::Borrowed("reversal"));
    pub const CLAMP: Self = Self(Cow::Borrowed("clamp"));
    pub const ABSENCE: Self = Self(Cow::Borrowed("absence"));
    pub const OPERATOR: Self = Self(Cow::Borrowed("operator"));

    pub fn chat(appraisal: Appraisal) -> Self {
        Self(Cow::Borrowed(match appraisal {
            Appraisal::Hostile => "chat.hostile",
            Appraisal::Cold => "chat.cold",
            Appraisal::Neutral => "chat.neutral",
            Appraisal::Warm => "chat.warm",
            Appraisal::Affectionate => "chat.affectionate",
        }))
    }

    /// What a choice in this event gives.
    pub fn event(key: &Slug) -> Self {
        Self(Cow::Owned(format!("event.{key}")))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it cuts what other rules gave.
    pub fn is_limit(&self) -> bool {
        *self == Self::CLAMP || self.0.starts_with("cap.")
    }

    /// One phrase for people, in English.
    pub fn text(&self) -> &'static str {
        match self.as_str() {
            "chat.hostile" => "hostile words",
            "chat.cold" => "cold words",
            "chat.neutral" => "small talk",
            "chat.warm" => "warm words",
            "chat.affectionate" => "words of affection",
            "stat.warmth" => "her warmth",
            "stat.patience" => "her patience",
            "stat.pride" => "her pride",
            "stat.playfulness" => "her playfulness",
            "gift.base" => "a gift",
            "gift.liked" => "something she likes",
            "gift.disliked" => "something she dislikes",
            "gift.repeated" => "the same gift not long ago",
            "gift.birthday" => "for her birthday",
            "date.base" => "time together",
            "date.liked" => "something she likes to do",
            "date.disliked" => "something she dislikes doing",
            "date.repeated" => "the same date not long ago",
            "cap.gift" => "enough gifts for now",
            "cap.date" => "enough dates for now",
            "cap.event" => "enough events for now",
            "reversal" => "taken back",
            "cap.small_talk" => "enough small talk for now",
            "cap.chat" => "enough talk for now",
            "clamp" => "affection stays within 0 and 1000",
            "absence" => "she was left alone",
            "operator" => "an operator's adjustment",
            event if event.starts_with("event.") => "your choice",
            _ => "a rule of its own",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
