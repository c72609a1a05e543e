//! `card` of a personality's extensions: fields of a card that mean nothing to us, kept for whoever reads it next.
//!
//! | key | holds |
//! |---|---|
//! | `data` | the other fields of the card's `data`, its `extensions` among them |
//! | `root` | those that stood beside `data` |
//! | `mes_example` | the text of the example dialogues, where they would be written as another |

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::home::{self, Home};
use super::{assets, lenient};

/// Its name among a personality's extensions.
pub(super) const KEY: &str = "card";

/// Fields of `data` that have a home of their own in a companion.
pub(super) const TYPED: [&str; 10] = [
    "name",
    "description",
    "personality",
    "scenario",
    "first_mes",
    "mes_example",
    "alternate_greetings",
    "system_prompt",
    "post_history_instructions",
    "character_book",
];
/// The other fields of `data` that a standard knows.
const KNOWN: [&str; 12] = [
    "creator",
    "creator_notes",
    "character_version",
    "tags",
    "extensions",
    "group_only_greetings",
    "nickname",
    "source",
    "assets",
    "creation_date",
    "modification_date",
    "creator_notes_multilingual",
];
const OF_THE_ROOT: [&str; 3] = ["spec", "spec_version", "data"];

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Passengers {
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) data: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) root: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mes_example: Option<String>,
}

impl Passengers {
    /// Those of a card, and what it keeps of a companion.
    pub(super) fn of_card(
        mut data: Map<String, Value>,
        mut root: Map<String, Value>,
    ) -> (Self, Home) {
        data.retain(|key, _| !TYPED.contains(&key.as_str()));
        root.retain(|key, _| {
            !TYPED.contains(&key.as_str()) && !OF_THE_ROOT.contains(&key.as_str())
        });
        let home = take_home(&mut data);
        settle_types(&mut data);
        let passengers = Self {
            data,
            root,
            mes_example: None,
        };
        (passengers, home)
    }

    /// `None` unless a card that is written with them reads as them again: others may write to the same extensions.
    pub(super) fn from_value(value: &Value) -> Option<Self> {
        let passengers: Self = serde_json::from_value(value.clone()).ok()?;
        let (mut again, _) = Self::of_card(passengers.data.clone(), passengers.root.clone());
        again.mes_example.clone_from(&passengers.mes_example);
        let is_exact = again == passengers && again.to_value() == *value;
        (is_exact && !passengers.is_empty()).then_some(passengers)
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("documents have string keys")
    }
}

/// The fields that belong into `data`, out of a flat card; the others stay.
pub(super) fn out_of_flat(root: &mut Map<String, Value>) -> Map<String, Value> {
    let known = TYPED.iter().chain(&KNOWN);
    known.filter_map(|key| root.remove_entry(*key)).collect()
}

fn take_home(data: &mut Map<String, Value>) -> Home {
    let extensions = data.get_mut("extensions").and_then(Value::as_object_mut);
    let Some(extensions) = extensions else {
        return Home::default();
    };
    let Some(mut home) = extensions.get(home::KEY).and_then(Home::from_value) else {
        return Home::default();
    };
    match home.kept.take() {
        Some(kept) => extensions.insert(home::KEY.to_owned(), kept),
        None => extensions.remove(home::KEY),
    };
    home
}

/// Known fields in the types that a standard wants; those that say nothing are left out.
fn settle_types(data: &mut Map<String, Value>) {
    for key in ["creator", "creator_notes", "character_version"] {
        settle(data, key, |value| some_text(&value));
    }
    for key in ["tags", "group_only_greetings"] {
        settle(data, key, |value| some(lenient::texts(&value)));
    }
    for key in ["creation_date", "modification_date"] {
        settle(data, key, |value| {
            lenient::number(&value).map(Value::Number)
        });
    }
    settle(data, "nickname", |value| Some(lenient::text(&value).into()));
    settle(data, "source", |value| Some(lenient::texts(&value).into()));
    settle(data, "creator_notes_multilingual", |value| {
        lenient::object(value).map(texts_by_key)
    });
    settle(data, "assets", |value| some(assets::listed(value)));
    settle(data, "extensions", |value| {
        let extensions = lenient::object(value)?;
        (!extensions.is_empty()).then(|| extensions.into())
    });
}

fn settle(data: &mut Map<String, Value>, key: &str, to: impl FnOnce(Value) -> Option<Value>) {
    if let Some(value) = lenient::take(data, key).and_then(to) {
        data.insert(key.to_owned(), value);
    }
}

fn some_text(value: &Value) -> Option<Value> {
    let text = lenient::text(value);
    (!text.is_empty()).then(|| text.into())
}

fn some<T: Into<Value>>(items: Vec<T>) -> Option<Value> {
    (!items.is_empty()).then(|| items.into())
}

fn texts_by_key(notes: Map<String, Value>) -> Value {
    notes
        .into_iter()
        .map(|(language, note)| (language, Value::from(lenient::text(&note))))
        .collect::<Map<_, _>>()
        .into()
}
