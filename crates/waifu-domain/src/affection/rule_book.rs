//! Every number of the rules in one validated value.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::Duration;

use super::Appraisal;
use crate::relationship::{Affection, Level};
use crate::slug::Slug;
use crate::waifu::Percent;

/// Factors above this could overflow the arithmetic, and none that makes sense comes near it.
const LARGEST_PERMILLE: i32 = 10_000;
/// Longer windows and pauses than ten years are slips of the pen.
const MOST_DAYS: u32 = 3_650;

/// A rule book that can be satisfied; there is no other way to hold one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleBook {
    draft: Draft,
    thresholds: [Affection; Level::COUNT],
    gates: BTreeMap<Level, Slug>,
    hash: RuleBookHash,
}

/// SHA-256 over the rule book's values, whatever the layout of the file that they came from. Ledger rows name
/// the rule book that they were written under by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleBookHash([u8; 32]);

/// Why a rule book was refused: the key's path and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {why}")]
pub struct RuleBookError {
    pub path: String,
    pub why: String,
}

impl RuleBook {
    /// The numbers that the server ships with, compiled in.
    pub fn shipped() -> Self {
        Self::from_toml(include_str!("../../../../config/rules.toml"))
            .expect("the shipped rule book is valid, as a test shows")
    }

    pub fn from_toml(text: &str) -> Result<Self, RuleBookError> {
        let draft: Draft = toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            RuleBookError {
                path: format!("line {line}"),
                why: error.message().to_owned(),
            }
        })?;
        draft.validate()
    }

    /// From [`RuleBook::to_json`], as stores keep it.
    pub fn from_json(text: &str) -> Result<Self, RuleBookError> {
        let draft: Draft = serde_json::from_str(text).map_err(|error| RuleBookError {
            path: String::new(),
            why: error.to_string(),
        })?;
        draft.validate()
    }

    /// The canonical text that [`RuleBook::hash`] is over.
    pub fn to_json(&self) -> String {
        self.draft.to_json()
    }

    pub fn hash(&self) -> RuleBookHash {
        self.hash
    }

    /// The longest time for which a ledger row counts in a rolling window.
    pub fn longest_window(&self) -> Duration {
        self.draft.chat.cap.window()
    }

    pub fn threshold(&self, level: Level) -> Affection {
        self.thresholds[usize::from(level.get())]
    }

    /// The event that must be passed before `level`.
    pub fn gate(&self, level: Level) -> Option<&Slug> {
        self.gates.get(&level)
    }

    pub(super) fn gate_reopens_after(&self) -> Duration {
        Duration::days(self.draft.gates.reopen_after_days.into())
    }

    pub(super) fn hysteresis(&self) -> i32 {
        self.draft.levels.hysteresis
    }

    pub(super) fn chat(&self) -> &ChatRules {
        &self.draft.chat
    }

    pub(super) fn absence(&self) -> &AbsenceRules {
        &self.draft.absence
    }
}

impl RuleBookHash {
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for RuleBookHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RuleBookHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    levels: LevelRules,
    gates: GateRules,
    chat: ChatRules,
    absence: AbsenceRules,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelRules {
    thresholds: Vec<i32>,
    hysteresis: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GateRules {
    reopen_after_days: u32,
    events: BTreeMap<String, Slug>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChatRules {
    points: ChatPoints,
    pub(super) gain_permille: StatPermille,
    pub(super) loss_permille: StatPermille,
    pub(super) cap: Cap,
    pub(super) small_talk: SmallTalk,
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
    pub(super) fn base(&self, appraisal: Appraisal) -> i32 {
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
pub(super) struct StatPermille {
    base: i32,
    per_point: i32,
}

impl StatPermille {
    pub(super) fn of(self, stat: Percent) -> u32 {
        let permille = self.base + self.per_point * i32::from(stat.get());
        u32::try_from(permille).expect("validated to be 0 or more over the whole scale")
    }
}

/// What may be added and taken by the rows of one kind in any rolling window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cap {
    pub(super) gain: i32,
    pub(super) loss: i32,
    hours: u32,
}

impl Cap {
    pub(super) fn window(self) -> Duration {
        Duration::hours(self.hours.into())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SmallTalk {
    base: i32,
    per: i32,
}

impl SmallTalk {
    /// The points that small talk may add in one window.
    pub(super) fn most(self, curiosity: Percent) -> i32 {
        self.base + i32::from(curiosity.get()) / self.per
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AbsenceRules {
    pub(super) grace_days: u32,
    pub(super) permille: StatPermille,
    pub(super) at_most: u16,
}

impl Draft {
    fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a rule book is plain data")
    }

    fn validate(self) -> Result<RuleBook, RuleBookError> {
        let thresholds = self.levels.thresholds()?;
        let gates = self.gates.by_level()?;
        self.chat.validate()?;
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
        if self.cap.hours == 0 {
            return refuse("chat.cap.hours", "must be at least 1");
        }
        at_most_days("chat.cap.hours", self.cap.hours.div_ceil(24))?;
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

fn refuse<T>(path: impl Into<String>, why: impl Into<String>) -> Result<T, RuleBookError> {
    Err(RuleBookError {
        path: path.into(),
        why: why.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../../../config/rules.toml");

    fn refused(from: &str, to: &str) -> String {
        assert!(
            SHIPPED.contains(from),
            "the shipped rule book has no {from:?}"
        );
        RuleBook::from_toml(&SHIPPED.replace(from, to))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn the_shipped_rule_book_is_valid_and_survives_storage() {
        let book = RuleBook::shipped();
        assert_eq!(RuleBook::from_json(&book.to_json()).unwrap(), book);
        assert_eq!(
            book.gate(Level::try_from(7).unwrap()).unwrap().as_str(),
            "confession"
        );
    }

    #[test]
    fn a_rule_book_that_cannot_be_satisfied_is_refused_with_its_key_and_why() {
        assert_eq!(
            refused("60, 120", "60, 60"),
            "levels.thresholds: must rise, but 60 follows 60"
        );
        assert_eq!(
            refused("[0, 5,", "[1, 5,"),
            "levels.thresholds: must start at 0"
        );
        assert_eq!(
            refused("800, 1000]", "800, 1001]"),
            "levels.thresholds: affection must be 0 to 1000, is 1001"
        );
        assert_eq!(
            refused("gain = 8", "gain = 5"),
            "chat.cap.gain: must be 6 to 1000, is 5"
        );
        assert_eq!(
            refused("9 = \"promise\"", "11 = \"promise\""),
            "gates.events.11: a gate stands before a level of 1 to 10"
        );
        assert_eq!(
            refused("per_point = 10 }", "per_point = -10 }"),
            "chat.gain_permille: must be 0 to 10000 over the whole scale, is -500 at 100"
        );
        assert!(refused("hysteresis = 20", "hysteresis = 20\nhysterisis = 20").contains("line 8"));
    }

    #[test]
    fn layout_does_not_change_the_hash_but_a_number_does() {
        let same =
            RuleBook::from_toml(&SHIPPED.replace("# The shipped", "#\n# The shipped")).unwrap();
        assert_eq!(same.hash(), RuleBook::shipped().hash());
        let other = RuleBook::from_toml(&SHIPPED.replace("at_most = 30", "at_most = 31")).unwrap();
        assert_ne!(other.hash(), same.hash());
    }
}
