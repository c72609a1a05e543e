//! Which field of a card becomes which of a companion.

use serde_json::json;
use waifu_domain::card::{CardRefused, to_v3};
use waifu_domain::waifu::Personality;

use crate::files::{card_of, named, personality_of, read_json, with_field};

#[test]
fn each_version_is_read() {
    let fields = json!({
        "name": "Aiko",
        "description": "tall",
        "personality": "shy",
        "scenario": "a café",
        "first_mes": "hi",
        "mes_example": "<START>\na\n<START>\nb",
    });
    let read = |card| card_of(&card).profile;
    let first = read(fields.clone());
    assert_eq!(first.name.as_str(), "Aiko");
    let told = Personality {
        description: "tall".to_owned(),
        background: "shy".to_owned(),
        scenario: "a café".to_owned(),
        greetings: vec!["hi".to_owned()],
        example_dialogues: vec!["a".to_owned(), "b".to_owned()],
        ..Personality::default()
    };
    assert_eq!(first.personality, told);
    for (spec, version) in [
        (json!("chara_card_v2"), json!("2.0")),
        (json!("chara_card_v3"), json!("3.0")),
        (json!("chara_card_v3"), json!("3.7")),
        (json!("chara_card_v9"), json!(9)),
        (json!(null), json!(null)),
    ] {
        let card = json!({"spec": spec, "spec_version": version, "data": fields});
        assert_eq!(read(card), first, "{spec} {version}");
    }
}

#[test]
fn the_later_versions_say_more() {
    let card = json!({"spec": "chara_card_v2", "data": {
        "name": "Aiko",
        "first_mes": "hi",
        "alternate_greetings": ["hey", "you!"],
        "system_prompt": "be kind",
        "post_history_instructions": "be brief",
    }});
    let personality = personality_of(&card);
    assert_eq!(personality.greetings, ["hi", "hey", "you!"]);
    assert_eq!(personality.system_prompt, "be kind");
    assert_eq!(personality.post_history_instructions, "be brief");
}

#[test]
fn a_name_is_cut_to_what_a_name_may_be() {
    let name = |given: &str| card_of(&named(given)).profile.name.to_string();
    assert_eq!(name(&"あ".repeat(81)), "あ".repeat(80));
    assert_eq!(name("A\ni\tko\u{7}"), "A i ko");
    assert_eq!(name("  Ai\0ko "), "Aiko");
    assert_eq!(name(&format!("{} b", "a".repeat(79))), "a".repeat(79));
}

#[test]
fn a_card_without_a_name_is_refused_with_the_place_of_the_name() {
    let refused = |card| read_json(&card).unwrap_err();
    let in_data = CardRefused::NoName {
        pointer: "/data/name",
    };
    for name in [json!(""), json!(" \n"), json!("\0"), json!(null), json!([])] {
        assert_eq!(refused(with_field("name", &name)), in_data, "{name}");
        let flat = json!({"name": name, "description": "x"});
        assert_eq!(refused(flat), CardRefused::NoName { pointer: "/name" });
    }
    assert_eq!(in_data.to_string(), "must have a name at /data/name");
}

#[test]
fn data_wins_over_fields_beside_it_and_they_count_where_it_is_silent() {
    let card = json!({
        "spec": "chara_card_v2",
        "name": "Old",
        "description": "old",
        "scenario": "a café",
        "data": {"name": "Aiko", "description": "new", "scenario": null},
    });
    let profile = card_of(&card).profile;
    assert_eq!(profile.name.as_str(), "Aiko");
    assert_eq!(profile.personality.description, "new");
    assert_eq!(profile.personality.scenario, "a café");
    assert_eq!(profile.personality.extensions, serde_json::Map::new());
}

#[test]
fn what_means_nothing_to_us_is_kept_in_its_place() {
    let card = json!({
        "spec": "chara_card_v3",
        "avatar": "none",
        "data": {
            "name": "Aiko",
            "creator": "me",
            "tags": ["a"],
            "assets": [{"type": "icon", "name": "main", "uri": "https://x/y.png", "ext": "png"}],
            "nickname": "Ai",
            "creation_date": 5,
            "depth": {"a": [1, {"b": null}]},
            "extensions": {"fav": true, "number": 0.1},
        },
    });
    let read = card_of(&card);
    let kept = &read.profile.personality.extensions["card"];
    assert_eq!(kept["root"], json!({"avatar": "none"}));
    let mut data = card["data"].clone();
    data.as_object_mut().unwrap().remove("name");
    assert_eq!(kept["data"], data);
    let written = to_v3(&read.profile, None);
    assert_eq!(written["avatar"], "none");
    for (key, value) in data.as_object().unwrap() {
        assert_eq!(&written["data"][key], value, "{key}");
    }
}

#[test]
fn of_a_flat_card_known_fields_go_to_data_and_others_stay_beside_it() {
    let card = json!({"name": "Aiko", "tags": ["a"], "chat": "x", "extensions": {"fav": 1}});
    let written = to_v3(&card_of(&card).profile, None);
    assert_eq!(written["data"]["tags"], json!(["a"]));
    assert_eq!(written["data"]["extensions"], json!({"fav": 1}));
    assert_eq!(written["chat"], "x");
}

#[test]
fn example_dialogues_are_what_stands_between_start_lines() {
    for (text, dialogues) in [
        ("", vec![]),
        ("<START>\na: 1\nb: 2\n<START>\nc", vec!["a: 1\nb: 2", "c"]),
        ("no start", vec!["no start"]),
        ("before\n<start> \r\nafter\r\n", vec!["before", "after"]),
        ("<START>\n\n<START>\n  \n<START>", vec![]),
        ("say <START> inline", vec!["say <START> inline"]),
    ] {
        let card = with_field("mes_example", &json!(text));
        let read = card_of(&card);
        assert_eq!(
            read.profile.personality.example_dialogues, dialogues,
            "{text:?}"
        );
        let written = to_v3(&read.profile, None);
        assert_eq!(written["data"]["mes_example"], text, "{text:?}");
    }
}

#[test]
fn edited_example_dialogues_are_written_as_they_are_now() {
    let mut profile = card_of(&with_field("mes_example", &json!("no start"))).profile;
    profile
        .personality
        .example_dialogues
        .push("more".to_owned());
    let written = to_v3(&profile, None);
    let both = "<START>\nno start\n<START>\nmore";
    assert_eq!(written["data"]["mes_example"], both);
}
