//! Fields of the wrong type, one by one.

use serde_json::{Value, json};
use waifu_domain::card::{CardRefused, DEEPEST, Limit, read, to_v2, to_v3};

use crate::files::{card_of, personality_of, read_json, with_field};

#[test]
fn a_text_is_taken_out_of_any_type() {
    for (given, text) in [
        (json!(null), ""),
        (json!(7), "7"),
        (json!(1.5), "1.5"),
        (json!(true), "true"),
        (json!(["a", null, 2, ["b", "c"]]), "a\n2\nb\nc"),
        (json!({"a": 1}), r#"{"a":1}"#),
        (json!("a\u{0}b"), "ab"),
    ] {
        let personality = personality_of(&with_field("description", &given));
        assert_eq!(personality.description, text, "{given}");
    }
}

#[test]
fn a_list_is_taken_out_of_any_type() {
    for (given, list) in [
        (json!(null), vec!["hi"]),
        (json!(""), vec!["hi"]),
        (json!("one"), vec!["hi", "one"]),
        (
            json!([1, "two", null, false]),
            vec!["hi", "1", "two", "false"],
        ),
        (json!(3), vec!["hi", "3"]),
    ] {
        let mut card = with_field("alternate_greetings", &given);
        card["data"]["first_mes"] = json!("hi");
        assert_eq!(personality_of(&card).greetings, list, "{given}");
    }
}

#[test]
fn a_silent_first_greeting_keeps_its_place_before_others() {
    let greetings = |first: Value, others: Value| {
        let mut card = with_field("first_mes", &first);
        card["data"]["alternate_greetings"] = others;
        personality_of(&card).greetings
    };
    assert_eq!(greetings(json!(""), json!(["a"])), ["", "a"]);
    assert_eq!(greetings(json!(""), json!([])), Vec::<String>::new());
    assert_eq!(greetings(json!("a"), json!([""])), ["a", ""]);
}

#[test]
fn known_fields_are_kept_in_their_types_or_left_out_where_they_say_nothing() {
    for (key, given, kept) in [
        ("creator", json!(5), Some(json!("5"))),
        ("creator", json!(""), None),
        ("creator_notes", json!(["a", "b"]), Some(json!("a\nb"))),
        ("tags", json!("cute"), Some(json!(["cute"]))),
        ("tags", json!([1, null]), Some(json!(["1"]))),
        ("tags", json!([]), None),
        ("extensions", json!(null), None),
        ("extensions", json!([]), None),
        ("nickname", json!(7), Some(json!("7"))),
        ("nickname", json!(null), None),
        ("source", json!("here"), Some(json!(["here"]))),
        (
            "creation_date",
            json!("1700000000"),
            Some(json!(1_700_000_000)),
        ),
        ("creation_date", json!("yesterday"), None),
        ("modification_date", json!(1.5), Some(json!(1.5))),
        (
            "creator_notes_multilingual",
            json!({"de": 1}),
            Some(json!({"de": "1"})),
        ),
        ("creator_notes_multilingual", json!("x"), None),
        ("group_only_greetings", json!("x"), Some(json!(["x"]))),
        ("assets", json!([]), None),
        (
            "assets",
            json!({"type": "icon", "more": 1}),
            Some(json!([{"type": "icon", "uri": "", "name": "", "ext": "", "more": 1}])),
        ),
        ("assets", json!(["x", 1]), None),
        ("unheard_of", json!(null), Some(json!(null))),
    ] {
        let extensions = personality_of(&with_field(key, &given)).extensions;
        let found = extensions.get("card").map(|card| card["data"][key].clone());
        assert_eq!(found, kept, "{key} {given}");
    }
}

#[test]
fn a_byte_order_mark_is_no_fault() {
    let json = format!("\u{feff}{}", with_field("scenario", &json!("x")));
    assert_eq!(
        read(json.as_bytes()).unwrap().profile.personality.scenario,
        "x"
    );
}

#[test]
fn numbers_come_back_to_the_last_digit() {
    let text = r#"{"data":{"name":"A","x":[0.1,1e-7,123456789.123456789,18446744073709551615,2.5e100,0.30000000000000004]}}"#;
    let given: Value = serde_json::from_str(text).unwrap();
    let profile = read(text.as_bytes()).unwrap().profile;
    let again = read(to_v2(&profile, None).to_string().as_bytes()).unwrap();
    let written = to_v3(&again.profile, None).to_string();
    let written: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(written["data"]["x"], given["data"]["x"]);
}

#[test]
fn what_is_no_card_is_refused_with_where() {
    assert_eq!(
        read(b"{\n \"name\": }").unwrap_err(),
        CardRefused::NotJson {
            line: 2,
            column: 10
        }
    );
    assert_eq!(read(b"[1]").unwrap_err(), CardRefused::NotAnObject);
    assert!(matches!(
        read(b"").unwrap_err(),
        CardRefused::NotJson { .. }
    ));
    assert!(matches!(
        read(b"{\"name\": \"\xff\"}").unwrap_err(),
        CardRefused::NotJson { .. }
    ));
}

#[test]
fn depth_is_limited_before_it_hurts() {
    let nested = |levels| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    // The card and its `data` are two levels.
    assert!(read_json(&with_field("x", &nested(DEEPEST - 2))).is_ok());
    let refused = read_json(&with_field("x", &nested(DEEPEST - 1))).unwrap_err();
    assert_eq!(refused, Limit::Depth.into());
    // A flat card's known fields move a level down.
    let flat = |levels| json!({"name": "A", "extensions": {"x": nested(levels)}});
    assert!(read_json(&flat(DEEPEST - 3)).is_ok());
    assert_eq!(
        read_json(&flat(DEEPEST - 2)).unwrap_err(),
        Limit::Depth.into()
    );
}

#[test]
fn values_of_our_own_in_another_program_s_shape_are_kept_as_that_program_s() {
    for theirs in [
        json!({}),
        json!(null),
        json!("x"),
        json!({"archetype": 5}),
        json!({"unheard": 1}),
        json!({"kept": {"archetype": "gentle"}}),
        json!({"extensions": {"archetype": 5}}),
    ] {
        let read = card_of(&with_field("extensions", &json!({"waifu": theirs})));
        assert_eq!(read.profile.personality.archetype, "");
        let mut profile = read.profile;
        assert_eq!(to_v3(&profile, None)["data"]["extensions"]["waifu"], theirs);
        profile.personality.archetype = "gentle".to_owned();
        let written = to_v3(&profile, None);
        assert_eq!(
            written["data"]["extensions"]["waifu"],
            json!({"archetype": "gentle", "kept": theirs})
        );
        assert_eq!(card_of(&written).profile, profile);
    }
}
