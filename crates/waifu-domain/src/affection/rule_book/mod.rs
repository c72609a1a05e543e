//! Every number of the rules in one validated value.

mod against_catalogue;
mod sections;

use std::collections::BTreeMap;
use std::fmt;

use time::Duration;
use toml::de::{DeTable, DeValue};

use crate::relationship::{Affection, Horizon, Level};
use crate::slug::Slug;
use crate::timestamp::Timestamp;

use sections::{AbsenceRules, Draft, EventRules};
pub(super) use sections::{Cap, ChatRules, DateRules, GiftRules, TasteRules};

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
    /// Where the key stands in the file, if it came from one.
    pub line: Option<usize>,
}

impl RuleBook {
    /// The file that the server ships with, compiled in.
    pub const SHIPPED_TEXT: &str = include_str!("../../../../../config/rules.toml");

    pub fn shipped() -> Self {
        Self::from_toml(Self::SHIPPED_TEXT)
            .expect("the shipped rule book is valid, as a test shows")
    }

    pub fn from_toml(text: &str) -> Result<Self, RuleBookError> {
        let draft: Draft = toml::from_str(text).map_err(|error| {
            let place = error.span().map_or(0, |span| span.start);
            RuleBookError {
                path: path_at(text, place),
                why: error.message().to_owned(),
                line: Some(line_at(text, place)),
            }
        })?;
        draft.validate().map_err(|error| RuleBookError {
            line: line_of(text, &error.path),
            ..error
        })
    }

    /// From [`RuleBook::to_json`], as stores keep it.
    pub fn from_json(text: &str) -> Result<Self, RuleBookError> {
        let draft: Draft = serde_json::from_str(text).map_err(|error| RuleBookError {
            path: String::new(),
            why: error.to_string(),
            line: None,
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

    /// How far back rows can count for an act at `now` or later.
    pub fn horizon(&self, now: Timestamp) -> Horizon {
        let caps = [self.gifts().cap, self.dates().cap, self.events().cap];
        let longest = caps.map(Cap::window).into_iter().max();
        Horizon {
            chats: now.minus(self.chat().cap.window()),
            deeds: now.minus(longest.expect("there are three")),
        }
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

    pub(super) fn highest_for_minors(&self) -> Level {
        self.draft.levels.minors_at_most
    }

    pub(super) fn chat(&self) -> &ChatRules {
        &self.draft.chat
    }

    pub(super) fn taste(&self) -> &TasteRules {
        &self.draft.taste
    }

    pub(super) fn gifts(&self) -> &GiftRules {
        &self.draft.gifts
    }

    pub(super) fn dates(&self) -> &DateRules {
        &self.draft.dates
    }

    pub(super) fn events(&self) -> &EventRules {
        &self.draft.events
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

fn refuse<T>(path: impl Into<String>, why: impl Into<String>) -> Result<T, RuleBookError> {
    Err(RuleBookError {
        path: path.into(),
        why: why.into(),
        line: None,
    })
}

fn line_at(text: &str, place: usize) -> usize {
    text[..place].matches('\n').count() + 1
}

/// The line of the last key of a path, such as `gifts.cap.gain`, that a rule book's file has.
pub fn line_of(text: &str, path: &str) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let mut table = root.get_ref();
    let mut line = None;
    for name in path.split('.') {
        let Some((key, value)) = table.get_key_value(name) else {
            break;
        };
        line = Some(line_at(text, key.span().start));
        let DeValue::Table(inner) = value.get_ref() else {
            break;
        };
        table = inner;
    }
    line
}

/// The path of the key that a place in a rule book's file belongs to.
fn path_at(text: &str, place: usize) -> String {
    match DeTable::parse(text) {
        Ok(root) => keys_at(root.get_ref(), place).join("."),
        Err(_) => "not TOML".to_owned(),
    }
}

/// Looked for in every table, since a table's own place is that of its heading alone.
fn keys_at<'a>(table: &'a DeTable<'_>, place: usize) -> Vec<&'a str> {
    for (key, value) in table {
        let inner = if let DeValue::Table(inner) = value.get_ref() {
            keys_at(inner, place)
        } else {
            Vec::new()
        };
        if !inner.is_empty() || key.span().contains(&place) || value.span().contains(&place) {
            return std::iter::once(&**key.get_ref()).chain(inner).collect();
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../../../../config/rules.toml");

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
    }

    #[test]
    fn what_is_no_rule_book_at_all_is_refused_with_its_line_key_and_why() {
        for (from, to, path, why) in [
            (
                "hysteresis = 20",
                "hysterisis = 20",
                "levels.hysterisis",
                "unknown field",
            ),
            (
                "at_most = 30",
                "at_most = \"thirty\"",
                "absence.at_most",
                "invalid type",
            ),
            (
                "hours = 20 }",
                "hours = -20 }",
                "chat.cap.hours",
                "invalid value",
            ),
            ("[absence]", "[absence", "not TOML", ""),
        ] {
            let place = SHIPPED.find(from).unwrap();
            let error = RuleBook::from_toml(&SHIPPED.replacen(from, to, 1)).unwrap_err();
            assert_eq!(error.path, path, "{error}");
            assert!(error.why.contains(why), "{error}");
            assert_eq!(error.line, Some(line_at(SHIPPED, place)), "{error}");
        }
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
