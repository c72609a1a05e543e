//! Any companion of ours, with a lorebook or without.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use waifu_domain::lore::{LoreEntry, LorePosition, LoreSettings, Lorebook};
use waifu_domain::slug::Slug;
use waifu_domain::waifu::{
    Appearance, MonthDay, Percent, Personality, SpeechStyle, Stats, WaifuProfile, Weight,
};

use crate::any_card::{any_fields, any_json, any_key, any_text};

fn any_texts() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(any_text(), 0..3)
}

fn any_percent() -> impl Strategy<Value = Percent> {
    (0u8..=100).prop_map(|percent| Percent::try_from(percent).expect("a percent"))
}

fn any_weights() -> impl Strategy<Value = BTreeMap<Slug, Weight>> {
    let tag = "[a-z]{1,3}".prop_map(|tag| tag.parse().expect("a tag"));
    let weight = (1u8..=3).prop_map(|weight| Weight::try_from(weight).expect("a weight"));
    prop::collection::btree_map(tag, weight, 0..3)
}

fn any_birthday() -> impl Strategy<Value = Option<MonthDay>> {
    let day =
        (1u8..=12, 1u8..=28).prop_map(|(month, day)| MonthDay::new(month, day).expect("a day"));
    prop::option::of(day)
}

/// Without the names of the fields beside which it stands.
fn any_extensions(beside: Value) -> impl Strategy<Value = Map<String, Value>> {
    any_fields().prop_map(move |mut fields| {
        fields.retain(|key, _| beside.get(key).is_none());
        fields
    })
}

/// What reading a card leaves there, and what anybody else may.
fn any_kept() -> impl Strategy<Value = Value> {
    prop_oneof![
        any_json(),
        any_fields().prop_map(|data| json!({"data": data})),
        any_fields().prop_map(|root| json!({"root": root})),
        any_fields().prop_map(|own| json!({"data": {"extensions": own}})),
        Just(json!({"data": {"tags": ["a"], "x": 1}, "root": {"y": 2}})),
    ]
}

fn any_personality() -> impl Strategy<Value = Personality> {
    let texts = (
        any_text(),
        any_text(),
        any_text(),
        any_text(),
        any_text(),
        any_text(),
    );
    let lists = (any_texts(), any_texts(), any_texts());
    let taste = (
        prop::collection::btree_map(any_key(), any_percent(), 0..3),
        any_weights(),
        any_weights(),
        any_birthday(),
    );
    let unknown = (
        any_extensions(json!(Personality::default())),
        any_extensions(json!(SpeechStyle::default())),
        prop::option::of(any_kept()),
    );
    (texts, lists, taste, unknown).prop_map(
        |(
            (archetype, description, background, scenario, system_prompt, last),
            (greetings, example_dialogues, phrases),
            (traits, likes, dislikes, birthday),
            (mut extensions, of_speech, kept),
        )| {
            extensions.remove("card");
            if let Some(kept) = kept {
                extensions.insert("card".to_owned(), kept);
            }
            Personality {
                archetype,
                description,
                traits,
                likes,
                dislikes,
                speech_style: SpeechStyle {
                    description: scenario.clone(),
                    phrases,
                    extensions: of_speech,
                },
                background,
                scenario,
                greetings,
                example_dialogues,
                system_prompt,
                post_history_instructions: last,
                birthday,
                extensions,
            }
        },
    )
}

pub(crate) fn any_profile() -> impl Strategy<Value = WaifuProfile> {
    let appearance = (
        any_text(),
        any_texts(),
        any_extensions(json!(Appearance::default())),
    );
    let more = prop::collection::btree_map("[a-z]{1,3}", any_percent(), 0..2);
    let stats = (any_percent(), any_percent(), more);
    ("[a-zA-Z]{1,80}", any_personality(), appearance, stats).prop_map(
        |(name, personality, (hair, features, of_looks), (warmth, pride, more))| WaifuProfile {
            name: name.try_into().expect("a name"),
            personality,
            appearance: Appearance {
                hair,
                distinguishing_features: features,
                extensions: of_looks,
                ..Appearance::default()
            },
            stats: Stats {
                warmth,
                pride,
                more,
                ..Stats::default()
            },
        },
    )
}

fn any_entry() -> impl Strategy<Value = LoreEntry> {
    let texts = (any_text(), any_text(), any_text());
    let lists = (any_texts(), any_texts());
    let flags = (any::<[bool; 5]>(), any::<bool>());
    let numbers = (any::<i64>(), any::<i64>());
    (texts, lists, flags, numbers, any_fields()).prop_map(
        |(
            (name, comment, content),
            (keys, secondary_keys),
            (flags, is_after),
            numbers,
            extensions,
        )| {
            let [selective, use_regex, case_sensitive, constant, enabled] = flags;
            LoreEntry {
                name,
                comment,
                keys,
                secondary_keys,
                selective,
                use_regex,
                case_sensitive,
                constant,
                enabled,
                content,
                insertion_order: numbers.0,
                priority: numbers.1,
                position: if is_after {
                    LorePosition::AfterChar
                } else {
                    LorePosition::BeforeChar
                },
                extensions,
            }
        },
    )
}

pub(crate) fn any_lorebook() -> impl Strategy<Value = Lorebook> {
    let settings = (
        any_text(),
        any_text(),
        0u32..=100,
        0u32..=32_768,
        any::<bool>(),
        any_fields(),
    );
    let entries = prop::collection::vec(any_entry(), 0..3);
    (settings, entries).prop_map(
        |(
            (name, description, scan_depth, token_budget, recursive_scanning, extensions),
            entries,
        )| {
            Lorebook {
                settings: LoreSettings {
                    name,
                    description,
                    scan_depth,
                    token_budget,
                    recursive_scanning,
                    extensions,
                },
                entries,
            }
        },
    )
}
