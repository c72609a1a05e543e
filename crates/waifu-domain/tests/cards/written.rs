//! What is written has each field that its version requires, in its type.

use serde_json::{Value, json};
use waifu_domain::card::{to_v2, to_v3};

use crate::files::{card_of, named, with_field};

const TEXTS: [&str; 11] = [
    "name",
    "description",
    "personality",
    "scenario",
    "first_mes",
    "mes_example",
    "creator_notes",
    "system_prompt",
    "post_history_instructions",
    "creator",
    "character_version",
];

fn is_list_of_texts(value: &Value) -> bool {
    value
        .as_array()
        .is_some_and(|items| items.iter().all(Value::is_string))
}

fn check(card: &Value, spec: &str, version: &str) {
    assert_eq!(card["spec"], spec);
    assert_eq!(card["spec_version"], version);
    let data = &card["data"];
    for key in TEXTS {
        assert!(data[key].is_string(), "{key}");
    }
    assert!(is_list_of_texts(&data["alternate_greetings"]));
    assert!(is_list_of_texts(&data["tags"]));
    assert!(data["extensions"].is_object());
}

#[test]
fn a_bare_card_is_written_in_whole() {
    let profile = card_of(&named("Aiko")).profile;
    let second = to_v2(&profile, None);
    check(&second, "chara_card_v2", "2.0");
    assert!(second["data"].get("group_only_greetings").is_none());
    let third = to_v3(&profile, None);
    check(&third, "chara_card_v3", "3.0");
    assert!(is_list_of_texts(&third["data"]["group_only_greetings"]));
    assert_eq!(third["data"]["extensions"], json!({}));
}

#[test]
fn a_card_of_wrong_types_is_written_in_right_ones() {
    let card = json!({"data": {
        "name": 5, "tags": "x", "creator": ["a"], "extensions": "x", "alternate_greetings": 1,
        "group_only_greetings": null, "creator_notes": {"a": 1}, "character_version": 2,
    }});
    let profile = card_of(&card).profile;
    check(&to_v2(&profile, None), "chara_card_v2", "2.0");
    check(&to_v3(&profile, None), "chara_card_v3", "3.0");
}

#[test]
fn an_entry_is_written_in_whole() {
    let read = card_of(&with_field("character_book", &json!({"entries": [{}]})));
    let second = to_v2(&read.profile, read.lorebook.as_ref());
    let third = to_v3(&read.profile, read.lorebook.as_ref());
    for card in [&second, &third] {
        let book = &card["data"]["character_book"];
        assert!(book["extensions"].is_object());
        let entry = &book["entries"][0];
        assert!(is_list_of_texts(&entry["keys"]) && is_list_of_texts(&entry["secondary_keys"]));
        assert!(entry["content"].is_string() && entry["extensions"].is_object());
        assert!(entry["enabled"].is_boolean() && entry["insertion_order"].is_i64());
        assert_eq!(entry["position"], "before_char");
    }
    assert!(
        second["data"]["character_book"]["entries"][0]
            .get("use_regex")
            .is_none()
    );
    assert_eq!(
        third["data"]["character_book"]["entries"][0]["use_regex"],
        false
    );
}
