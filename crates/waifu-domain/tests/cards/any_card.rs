//! Cards of any kind: fields that a standard knows with values that it doesn't, and the other way round.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Names that mean something somewhere in a card, to us or to others.
const WORDS: [&str; 42] = [
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
    "spec",
    "spec_version",
    "data",
    "waifu",
    "card",
    "kept",
    "root",
    "archetype",
    "greetings",
    "example_dialogues",
    "entries",
    "keys",
    "id",
    "enabled",
    "priority",
    "position",
    "type",
    "uri",
    "use_regex",
    "insertion_order",
];
const TEXTS: [&str; 14] = [
    "",
    " ",
    "true",
    "0",
    "7",
    "-1.5",
    "<START>",
    "<START>\na\n<START>\nb",
    "x\n<start>\r\n\ny",
    "icon",
    "main",
    "embeded://a.png",
    "embeded://assets/icon/images/main.png",
    "after_char",
];

pub(crate) fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(&TEXTS[..]).prop_map(str::to_owned),
        1 => "\\PC{0,12}",
        1 => any::<String>().prop_map(|text| text.chars().filter(|c| *c != '\0').take(20).collect()),
    ]
}

pub(crate) fn any_key() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(&WORDS[..]).prop_map(str::to_owned),
        1 => "[a-z]{1,3}",
    ]
}

pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => (-3i64..200).prop_map(Value::from),
        1 => any::<f64>().prop_filter_map("a number", |n| n.is_finite().then(|| n.into())),
        4 => any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any_key(), inner), 0..5)
                .prop_map(|fields| Value::from(Map::from_iter(fields))),
        ]
    })
}

pub(crate) fn any_fields() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((any_key(), any_json()), 0..10).prop_map(Map::from_iter)
}

fn any_entry() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => any_fields().prop_map(Value::from),
        1 => any_json(),
        1 => any_fields().prop_map(|raw| json!({"extensions": {"waifu": {"extensions": raw}}})),
    ]
}

fn any_book() -> impl Strategy<Value = Value> {
    let entries = prop::collection::vec(any_entry(), 0..4);
    prop_oneof![
        1 => any_json(),
        4 => (any_fields(), entries).prop_map(|(mut book, entries)| {
            book.insert("entries".to_owned(), entries.into());
            book.into()
        }),
    ]
}

/// What may stand where we keep what a card has no field for.
fn any_home() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => any_json(),
        1 => any_fields().prop_map(|extensions| json!({"extensions": extensions})),
        1 => any_fields().prop_map(|data| json!({"extensions": {"card": {"data": data}}})),
        1 => (any_json(), any_text()).prop_map(|(kept, kind)| json!({"kept": kept, "archetype": kind})),
        1 => prop::collection::vec(any_text(), 0..3).prop_map(|all| json!({"example_dialogues": all})),
        1 => prop::collection::vec(any_text(), 0..3).prop_map(|all| json!({"greetings": all})),
    ]
}

fn any_asset() -> impl Strategy<Value = Value> {
    (any_text(), any::<bool>(), any::<bool>()).prop_map(|(uri, is_icon, has_more)| {
        let kind = if is_icon { "icon" } else { "other" };
        let mut asset = json!({"type": kind, "name": "main", "uri": uri, "ext": "png"});
        if has_more {
            asset["more"] = json!(1);
        }
        asset
    })
}

/// Cards of all versions, with more or less of what each may hold; most have a name.
pub(crate) fn any_card() -> impl Strategy<Value = Value> {
    let parts = (
        prop::option::of(any_book()),
        prop::option::of(any_home()),
        prop::option::of(prop::collection::vec(any_asset(), 0..3)),
    );
    let shape = (prop::option::weighted(0.9, any_text()), any::<bool>());
    (any_fields(), any_fields(), parts, shape).prop_map(
        |(mut data, mut root, (book, home, assets), (name, is_flat))| {
            if let Some(name) = name {
                data.insert("name".to_owned(), format!("A{name}").into());
            }
            if let Some(book) = book {
                data.insert("character_book".to_owned(), book);
            }
            if let Some(assets) = assets {
                data.insert("assets".to_owned(), assets.into());
            }
            if let Some(home) = home {
                let mut extensions = root.clone();
                extensions.insert("waifu".to_owned(), home);
                data.insert("extensions".to_owned(), extensions.into());
            }
            if is_flat {
                data.remove("data");
                return data.into();
            }
            root.insert("data".to_owned(), data.into());
            root.into()
        },
    )
}
