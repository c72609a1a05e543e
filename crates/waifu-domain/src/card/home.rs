//! `extensions.waifu` of a card: what of a companion has no field in a card.
//!
//! | key | holds |
//! |---|---|
//! | `archetype`, `traits`, `likes`, `dislikes`, `speech_style`, `birthday` | as in her personality |
//! | `appearance`, `stats` | her documents |
//! | `extensions` | other keys of her personality |
//! | `greetings`, `example_dialogues` | hers, where the card's own fields would read as others; they count only while those fields are as they were written |
//! | `kept` | what another program had under this key |
//!
//! A key that would say nothing is left out, and so is the object. An object with any other key, or with a value that
//! is none of ours, is another program's and is kept as any unknown field.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::slug::Slug;
use crate::waifu::{Appearance, MonthDay, Percent, Personality, SpeechStyle, Stats, Weight};

/// Its name among a card's extensions.
pub(super) const KEY: &str = "waifu";

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Home {
    #[serde(skip_serializing_if = "is_default")]
    pub(super) archetype: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) traits: BTreeMap<String, Percent>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) likes: BTreeMap<Slug, Weight>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) dislikes: BTreeMap<Slug, Weight>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) speech_style: SpeechStyle,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) birthday: Option<MonthDay>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) appearance: Appearance,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) stats: Stats,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) greetings: Option<Vec<String>>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) example_dialogues: Option<Vec<String>>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) extensions: Map<String, Value>,
    #[serde(skip_serializing_if = "is_default", deserialize_with = "even_null")]
    pub(super) kept: Option<Value>,
}

impl Home {
    /// `None` for what another program has put there.
    pub(super) fn from_value(value: &Value) -> Option<Self> {
        if value.as_object().is_none_or(Map::is_empty) {
            return None;
        }
        let home: Self = serde_json::from_value(value.clone()).ok()?;
        let keeps_a_home = home.kept.as_ref().and_then(Self::from_value).is_some();
        let names_fields = home.extensions.keys().any(|key| is_of_personality(key));
        (!keeps_a_home && !names_fields).then_some(home)
    }

    pub(super) fn is_empty(&self) -> bool {
        is_default(self)
    }
}

/// Such a key among her extensions would stand twice in her document.
fn is_of_personality(key: &str) -> bool {
    serde_json::to_value(Personality::default()).is_ok_and(|fields| fields.get(key).is_some())
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn even_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
