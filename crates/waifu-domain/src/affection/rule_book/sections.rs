//! The sections of a rule book as its file has them, and what makes each of them one that can be satisfied.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::Duration;

use super::{RuleBook, RuleBookError, RuleBookHash, refuse};
use crate::affection::Appraisal;
use crate::relationship::{Affection, Level};
use crate::slug::Slug;
use crate::timestamp::Timestamp;
use crate::waifu::{Percent, Weight};

/// Factors above this could overflow the arithmetic, and none that makes sense comes near it.
const LARGEST_PERMILLE: i32 = 10_000;
/// Longer windows and pauses than ten years are slips of the pen.
const MOST_DAYS: u32 = 3_650;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Draft {
    pub(super) levels: LevelRules,
    pub(super) gates: GateRules,
    pub(super) chat: ChatRules,
    pub(super) taste: TasteRules,
    pub(super) gifts: GiftRules,
    pub(super) dates: DateRules,
    pub(super) events: EventRules,
    pub(super) absence: AbsenceRules,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LevelRules {
    thresholds: Vec<i32>,
    pub(super) hysteresis: i32,
    pub(super) minors_at_most: Level,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GateRules {
    pub(super) reopen_after_days: u32,
    events: BTreeMap<String, Slug>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::affection) struct ChatRules {
    points: ChatPoints,
    pub(in crate::affection) gain_permille: StatPermille,
    pub(in crate::affection) loss_permille: StatPermille,
    pub(in crate::affection) cap: Cap,
    pub(in crate::affection) small_talk: SmallTalk,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChatPoints {
    hostile: i32,
    cold: i32,
    neutral: i32,
    warm: i32,
    affectionate: i32,
}

impl ChatRules {
    pub(in crate::affection) fn base(&self, appraisal: Appraisal) -> i32 {
        match appraisal {
            Appraisal::Hostile => self.points.hostile,
            Appraisal::Cold => self.points.cold,
            Appraisal::Neutral => self.points.neutral,
            Appraisal::Warm => self.points.warm,
            Appraisal::Affectionate => self.points.affectionate,
        }
    }
}

/// A factor in thousandths that a stat moves: `base + per_point × stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::affection) struct StatPermille {
    base: i32,
    per_point: i32,
}

impl StatPermille {
    pub(in crate::affection) fn of(self, stat: Percent) -> u32 {
        let permille = self.base + self.per_point * i32::from(stat.get());
        u32::try_from(permille).expect("validated to be 0 or more over the whole scale")
    }
}

/// What may be added and taken by the rows of one kind in any rolling window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::affection) struct Cap {
    pub(in crate::affection) gain: i32,
    pub(in crate::affection) loss: i32,
    hours: u32,
}

impl Cap {
    pub(in crate::affection) fn window(self) -> Duration {
        Duration::hours(self.hours.into())
    }

    pub(in crate::affection) fn gain_times(self, permille: u32) -> i32 {
        let gain = i64::from(self.gain) * i64::from(permille) / 1000;
        i32::try_from(gain).expect("a thousand times ten")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::affection) struct SmallTalk {
    base: i32,
    per: i32,
}

impl SmallTalk {
    /// The points that small talk may add in one window.
    pub(in crate::affection) fn most(self, curiosity: Percent) -> i32 {
        self.base + i32::from(curiosity.get()) / self.per
    }
}

/// Factors by the weight of the strongest tag that she likes or dislikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_field_names,
    reason = "the names are those of the file, where each says its unit"
)]
pub(in crate::affection) struct TasteRules {
    liked_permille: [u16; 3],
    disliked_permille: [u16; 3],
    pub(in crate::affection) pride_permille: StatPermille,
}

impl TasteRules {
    pub(in crate::affection) fn liked(&self, weight: Weight) -> u32 {
        self.liked_permille[usize::from(weight.get()) - 1].into()
    }

    pub(in crate::affection) fn disliked(&self, weight: Weight) -> u32 {
        self.disliked_permille[usize::from(weight.get()) - 1].into()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::affection) struct GiftRules {
    pub(in crate::affection) repeated: WithinDays,
    pub(in crate::affection) birthday: WithinDays,
    pub(in crate::affection) cap: Cap,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::affection) struct DateRules {
    pub(in crate::affection) playfulness_permille: StatPermille,
    pub(in crate::affection) repeated: WithinDays,
    pub(in crate::affection) cap: Cap,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::affection) struct EventRules {
    pub(in crate::affection) cap: Cap,
    yearly_after_days: u32,
}

impl EventRules {
    pub(in crate::affection) fn yearly_after(self) -> Duration {
        Duration::days(self.yearly_after_days.into())
    }
}

/// A factor, and for how many days what happened last counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::affection) struct WithinDays {
    permille: u16,
    days: u32,
}

impl WithinDays {
    pub(in crate::affection) fn permille(self) -> u32 {
        self.permille.into()
    }

    /// Whether what happened at `last` was less than so many days before `at`.
    pub(in crate::affection) fn counts(self, last: Option<Timestamp>, at: Timestamp) -> bool {
        let span = Duration::days(self.days.into());
        last.is_some_and(|last| at.since(last) < span)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::affection) struct AbsenceRules {
    pub(in crate::affection) grace_days: u32,
    pub(in crate::affection) permille: StatPermille,
    pub(in crate::affection) at_most: u16,
}

impl Draft {
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a rule book is plain data")
    }

    pub(super) fn validate(self) -> Result<RuleBook, RuleBookError> {
        let thresholds = self.levels.thresholds()?;
        let gates = self.gates.by_level()?;
        self.chat.validate()?;
        self.taste.validate()?;
        self.gifts.validate()?;
        self.dates.validate()?;
        self.events.validate()?;
        self.absence.validate()?;
        let hash = RuleBookHash(Sha256::digest(self.to_json()).into());
        Ok(RuleBook {
            draft: self,
            thresholds,
            gates,
            hash,
        })
    }
}

impl LevelRules {
    fn thresholds(&self) -> Result<[Affection; Level::COUNT], RuleBookError> {
        let path = "levels.thresholds";
        let mut thresholds = [Affection::NONE; Level::COUNT];
        if self.thresholds.len() != Level::COUNT {
            return refuse(
                path,
                format!(
                    "must have {} numbers, has {}",
                    Level::COUNT,
                    self.thresholds.len()
                ),
            );
        }
        if self.thresholds[0] != 0 {
            return refuse(path, "must start at 0");
        }
        if let Some([before, after]) = self
            .thresholds
            .array_windows()
            .find(|[before, after]| before >= after)
        {
            return refuse(path, format!("must rise, but {after} follows {before}"));
        }
        for (slot, points) in thresholds.iter_mut().zip(&self.thresholds) {
            match Affection::try_from(*points) {
                Ok(affection) => *slot = affection,
                Err(error) => return refuse(path, error.to_string()),
            }
        }
        in_range("levels.hysteresis", self.hysteresis, 0, Affection::MOST)?;
        Ok(thresholds)
    }
}

impl GateRules {
    fn by_level(&self) -> Result<BTreeMap<Level, Slug>, RuleBookError> {
        at_most_days("gates.reopen_after_days", self.reopen_after_days)?;
        let mut gates = BTreeMap::new();
        for (level, event) in &self.events {
            let path = format!("gates.events.{level}");
            let parsed = level
                .parse::<u8>()
                .ok()
                .and_then(|level| Level::try_from(level).ok());
            match parsed {
                Some(level) if level > Level::STRANGER => {
                    if gates.values().any(|other| other == event) {
                        return refuse(path, format!("{event} already guards another level"));
                    }
                    gates.insert(level, event.clone());
                }
                _ => return refuse(path, "a gate stands before a level of 1 to 10"),
            }
        }
        Ok(gates)
    }
}

impl ChatRules {
    fn validate(&self) -> Result<(), RuleBookError> {
        let ChatPoints {
            hostile,
            cold,
            neutral,
            warm,
            affectionate,
        } = self.points;
        in_range("chat.points.hostile", hostile, -Affection::MOST, -1)?;
        in_range("chat.points.cold", cold, hostile, -1)?;
        in_range("chat.points.neutral", neutral, 0, Affection::MOST)?;
        in_range("chat.points.warm", warm, neutral, Affection::MOST)?;
        in_range(
            "chat.points.affectionate",
            affectionate,
            warm,
            Affection::MOST,
        )?;
        self.gain_permille.validate("chat.gain_permille")?;
        self.loss_permille.validate("chat.loss_permille")?;
        in_range(
            "chat.cap.gain",
            self.cap.gain,
            affectionate,
            Affection::MOST,
        )?;
        in_range("chat.cap.loss", self.cap.loss, -hostile, Affection::MOST)?;
        self.cap.validate("chat.cap")?;
        in_range(
            "chat.small_talk.base",
            self.small_talk.base,
            0,
            self.cap.gain,
        )?;
        in_range(
            "chat.small_talk.per",
            self.small_talk.per,
            1,
            Affection::MOST,
        )
    }
}

impl TasteRules {
    fn validate(&self) -> Result<(), RuleBookError> {
        for (path, factors) in [
            ("taste.liked_permille", self.liked_permille),
            ("taste.disliked_permille", self.disliked_permille),
        ] {
            for permille in factors {
                in_range(path, permille.into(), 0, LARGEST_PERMILLE)?;
            }
        }
        self.pride_permille.validate("taste.pride_permille")
    }
}

impl GiftRules {
    fn validate(&self) -> Result<(), RuleBookError> {
        self.repeated.validate("gifts.repeated")?;
        self.birthday.validate("gifts.birthday")?;
        self.cap.validate("gifts.cap")
    }
}

impl DateRules {
    fn validate(&self) -> Result<(), RuleBookError> {
        self.playfulness_permille
            .validate("dates.playfulness_permille")?;
        self.repeated.validate("dates.repeated")?;
        self.cap.validate("dates.cap")
    }
}

impl EventRules {
    fn validate(&self) -> Result<(), RuleBookError> {
        at_most_days("events.yearly_after_days", self.yearly_after_days)?;
        self.cap.validate("events.cap")
    }
}

impl WithinDays {
    fn validate(self, path: &str) -> Result<(), RuleBookError> {
        let permille = self.permille.into();
        in_range(&format!("{path}.permille"), permille, 0, LARGEST_PERMILLE)?;
        at_most_days(&format!("{path}.days"), self.days)
    }
}

impl Cap {
    fn validate(self, path: &str) -> Result<(), RuleBookError> {
        in_range(&format!("{path}.gain"), self.gain, 0, Affection::MOST)?;
        in_range(&format!("{path}.loss"), self.loss, 0, Affection::MOST)?;
        let hours = format!("{path}.hours");
        if self.hours == 0 {
            return refuse(hours, "must be at least 1");
        }
        at_most_days(&hours, self.hours.div_ceil(24))
    }
}

impl AbsenceRules {
    fn validate(&self) -> Result<(), RuleBookError> {
        at_most_days("absence.grace_days", self.grace_days)?;
        self.permille.validate("absence.permille")?;
        in_range("absence.at_most", self.at_most.into(), 0, Affection::MOST)
    }
}

impl StatPermille {
    fn validate(self, path: &str) -> Result<(), RuleBookError> {
        for stat in [0, 100] {
            let permille = i64::from(self.base) + i64::from(self.per_point) * stat;
            if !(0..=i64::from(LARGEST_PERMILLE)).contains(&permille) {
                return refuse(
                    path,
                    format!(
                        "must be 0 to {LARGEST_PERMILLE} over the whole scale, is {permille} at {stat}"
                    ),
                );
            }
        }
        Ok(())
    }
}

fn in_range(path: &str, value: i32, least: i32, most: i32) -> Result<(), RuleBookError> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        refuse(path, format!("must be {least} to {most}, is {value}"))
    }
}

fn at_most_days(path: &str, days: u32) -> Result<(), RuleBookError> {
    if days <= MOST_DAYS {
        Ok(())
    } else {
        refuse(path, format!("must be at most {MOST_DAYS} days, is {days}"))
    }
}
