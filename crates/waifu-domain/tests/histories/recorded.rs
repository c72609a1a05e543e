//! How the histories are recorded, and the small catalogue that comes with them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use time::Date;
use time::macros::format_description;
use waifu_domain::affection::{Appraisal, VerdictRow};
use waifu_domain::catalogue::Catalogue;
use waifu_domain::relationship::{Affection, InteractionKind, Level, Reason};
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::waifu::{Stats, Weight};

#[derive(Deserialize)]
pub(crate) struct File {
    pub(crate) catalogue: CatalogueLines,
    pub(crate) cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CatalogueLines {
    gifts: Vec<GiftLine>,
    dates: Vec<DateLine>,
    events: Vec<GateLine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GiftLine {
    id: Slug,
    tags: BTreeSet<Slug>,
    base: i32,
    least_level: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DateLine {
    id: Slug,
    tags: BTreeSet<Slug>,
    base: i32,
    least_level: u8,
    cooldown_s: i64,
}

/// All recorded events open gates.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GateLine {
    id: Slug,
    choices: Vec<ChoiceLine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChoiceLine {
    id: Slug,
    effect: i32,
    passes: bool,
}

#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) waifu: WaifuLine,
    pub(crate) steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WaifuLine {
    pub(crate) stats: Stats,
    pub(crate) likes: BTreeMap<Slug, Weight>,
    pub(crate) dislikes: BTreeMap<Slug, Weight>,
    pub(crate) birthday: (u8, u8),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) at: Timestamp,
    pub(crate) act: ActLine,
    pub(crate) expect: Expected,
}

#[derive(Deserialize)]
pub(crate) struct ActLine {
    /// The idempotency key: an act whose key was seen before is never judged.
    pub(crate) key: Option<String>,
    #[serde(flatten)]
    pub(crate) kind: ActKind,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum ActKind {
    Chat {
        appraisal: Appraisal,
        turn_state: Option<WordlessTurn>,
        /// Only turns that a later step goes back to are numbered.
        turn: Option<u32>,
    },
    Gift {
        gift: Slug,
        local_date: LocalDate,
    },
    Date {
        date: Slug,
    },
    Choice {
        event: Slug,
        choice: Slug,
    },
    Rewind {
        turn: u32,
    },
    Adjustment {
        points: i32,
        operator: String,
    },
}

/// Ends of a turn at which nothing is judged. One that counts names no state.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WordlessTurn {
    Failed,
    Blocked,
    CancelledBeforeWord,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct LocalDate(pub(crate) Date);

impl TryFrom<String> for LocalDate {
    type Error = time::error::Parse;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Date::parse(&text, format_description!("[year]-[month]-[day]")).map(Self)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    pub(crate) outcome: String,
    pub(crate) least_level: Option<Level>,
    pub(crate) when: Option<Timestamp>,
    pub(crate) rows: Vec<Row>,
    pub(crate) affection: Affection,
    pub(crate) level: Level,
    pub(crate) stage: String,
    pub(crate) events_opened: Vec<Slug>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    kind: InteractionKind,
    at: Timestamp,
    requested_change: i32,
    affection_change: i32,
    affection_after: Affection,
    level_after: Level,
    reasons: Vec<Reason>,
}

impl File {
    pub(crate) fn read() -> Self {
        serde_json::from_str(include_str!("../data/affection.json"))
            .expect("the recorded histories can be read")
    }
}

impl CatalogueLines {
    pub(crate) fn build(&self) -> Catalogue {
        let gifts = self.gifts.iter().map(|gift| {
            let entry = json!({
                "name": gift.id, "description": "a gift", "tags": gift.tags,
                "base": gift.base, "least_level": gift.least_level,
            });
            (gift.id.clone(), entry_of(entry))
        });
        let dates = self.dates.iter().map(|date| {
            assert_eq!(date.cooldown_s % 3600, 0, "cooldowns are whole hours");
            let entry = json!({
                "name": date.id, "description": "a date", "tags": date.tags,
                "base": date.base, "least_level": date.least_level,
                "cooldown_hours": date.cooldown_s / 3600,
            });
            (date.id.clone(), entry_of(entry))
        });
        let events = self.events.iter().map(|event| {
            let choice = |choice: &ChoiceLine| {
                json!({
                    "key": choice.id, "label": choice.id, "effect": choice.effect,
                    "passes_gate": choice.passes, "line": "a choice",
                })
            };
            let entry = json!({
                "title": event.id, "scene": "a scene", "trigger": {"on": "gate"},
                "choices": event.choices.iter().map(choice).collect::<Vec<_>>(),
            });
            (event.id.clone(), entry_of(entry))
        });
        Catalogue {
            gifts: gifts.collect(),
            dates: dates.collect(),
            events: events.collect(),
        }
    }
}

fn entry_of<T: DeserializeOwned>(entry: Value) -> T {
    serde_json::from_value(entry).expect("a recorded entry is one of the catalogue")
}

impl From<&VerdictRow> for Row {
    fn from(row: &VerdictRow) -> Self {
        Self {
            kind: row.kind,
            at: row.at,
            requested_change: row.requested,
            affection_change: row.applied,
            affection_after: row.affection_after,
            level_after: row.level_after,
            reasons: row.reasons.clone(),
        }
    }
}
