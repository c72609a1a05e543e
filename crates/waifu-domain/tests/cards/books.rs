//! A card's book, entry by entry.

use serde_json::{Value, json};
use waifu_domain::card::{Limit, MOST_LORE_ENTRIES, to_v2, to_v3};
use waifu_domain::lore::{LoreEntry, LorePosition, LoreSettings, Lorebook};

use crate::files::{card_of, read_json, with_field};

fn book_of(book: &Value) -> Option<Lorebook> {
    card_of(&with_field("character_book", book)).lorebook
}

fn entry_of(key: &str, value: Value) -> LoreEntry {
    let mut entry = json!({"keys": ["k"], "content": "c"});
    entry[key] = value;
    let mut book = book_of(&json!({"entries": [entry]})).expect("a sound card");
    book.entries.remove(0)
}

#[test]
fn no_book_is_none_and_an_empty_one_is_empty() {
    for none in [json!(null), json!("x"), json!(5)] {
        assert_eq!(book_of(&none), None, "{none}");
    }
    assert_eq!(book_of(&json!({})), Some(Lorebook::default()));
    assert_eq!(
        book_of(&json!({"entries": null})),
        Some(Lorebook::default())
    );
    let card = with_field("character_book", &json!({}));
    assert!(
        to_v2(&card_of(&card).profile, None)["data"]
            .get("character_book")
            .is_none()
    );
}

#[test]
fn a_whole_book_is_read() {
    let book = book_of(&json!({
        "name": "World",
        "description": "of hers",
        "scan_depth": "7",
        "token_budget": 99_999,
        "recursive_scanning": 1,
        "extensions": {"x": 1},
        "more": 2,
        "entries": [{
            "id": 3,
            "keys": ["a", "b"],
            "secondary_keys": "c",
            "content": "@@depth 3\nlore",
            "name": "n",
            "comment": "m",
            "enabled": 0,
            "selective": "true",
            "constant": true,
            "case_sensitive": null,
            "use_regex": true,
            "insertion_order": "5",
            "priority": 6.9,
            "position": "after_char",
            "extensions": {"depth": 4},
        }],
    }));
    let map = |value: Value| value.as_object().unwrap().clone();
    let entry = LoreEntry {
        name: "n".to_owned(),
        comment: "m".to_owned(),
        keys: vec!["a".to_owned(), "b".to_owned()],
        secondary_keys: vec!["c".to_owned()],
        selective: true,
        use_regex: true,
        case_sensitive: false,
        constant: true,
        enabled: false,
        content: "@@depth 3\nlore".to_owned(),
        insertion_order: 5,
        priority: 6,
        position: LorePosition::AfterChar,
        extensions: map(json!({"id": 3, "extensions": {"depth": 4}})),
    };
    let settings = LoreSettings {
        name: "World".to_owned(),
        description: "of hers".to_owned(),
        scan_depth: 7,
        token_budget: 32_768,
        recursive_scanning: true,
        extensions: map(json!({"more": 2, "extensions": {"x": 1}})),
    };
    let entries = vec![entry];
    assert_eq!(book, Some(Lorebook { settings, entries }));
}

#[test]
fn flags_and_places_come_in_many_words() {
    for (said, is_enabled) in [
        (json!(0), false),
        (json!(1), true),
        (json!("false"), false),
        (json!("True"), true),
        (json!("0"), false),
        (json!(null), true),
        (json!("maybe"), true),
    ] {
        assert_eq!(
            entry_of("enabled", said.clone()).enabled,
            is_enabled,
            "{said}"
        );
    }
    for (said, position) in [
        (json!("before_char"), LorePosition::BeforeChar),
        (json!("after_char"), LorePosition::AfterChar),
        (json!(1), LorePosition::AfterChar),
        (json!(0), LorePosition::BeforeChar),
        (json!("elsewhere"), LorePosition::BeforeChar),
    ] {
        assert_eq!(
            entry_of("position", said.clone()).position,
            position,
            "{said}"
        );
    }
    for (said, order) in [
        (json!(-3), -3),
        (json!("12"), 12),
        (json!(7.0), 7),
        (json!(1e30), 100),
        (json!("soon"), 100),
        (json!(null), 100),
    ] {
        let entry = entry_of("insertion_order", said.clone());
        assert_eq!(entry.insertion_order, order, "{said}");
    }
}

#[test]
fn entries_by_number_are_a_list() {
    let entries = json!({
        "10": {"content": "c"},
        "2": {"content": "b"},
        "x": {"content": "first"},
        "3": "no entry",
    });
    let book = book_of(&json!({"entries": entries})).unwrap();
    let contents: Vec<_> = book.entries.iter().map(|entry| &*entry.content).collect();
    assert_eq!(contents, ["first", "b", "c"]);
    let listed = book_of(&json!([{"content": "a"}])).unwrap();
    assert_eq!(listed.entries[0].content, "a");
}

#[test]
fn what_an_entry_has_besides_comes_back_in_its_place() {
    let entry = json!({
        "keys": [],
        "content": "",
        "id": "text",
        "unheard": [null],
        "extensions": {"extensions": {"keys": 1}, "waifu": {"x": 1}},
    });
    let book = json!({"entries": [entry], "unheard": {"a": 1}, "extensions": {"b": 2}});
    let read = card_of(&with_field("character_book", &book));
    for written in [
        to_v2(&read.profile, read.lorebook.as_ref()),
        to_v3(&read.profile, read.lorebook.as_ref()),
    ] {
        let written = &written["data"]["character_book"];
        assert_eq!(written["unheard"], book["unheard"]);
        assert_eq!(written["extensions"], book["extensions"]);
        for key in ["id", "unheard", "extensions"] {
            assert_eq!(written["entries"][0][key], entry[key], "{key}");
        }
    }
}

#[test]
fn what_another_program_has_where_we_keep_things_stays_there() {
    let own = json!({"waifu": {"extensions": {"plain": 1}}});
    let book = json!({"entries": [{"extensions": own}], "extensions": own});
    let read = card_of(&with_field("character_book", &book));
    let written = to_v3(&read.profile, read.lorebook.as_ref());
    let written = &written["data"]["character_book"];
    assert_eq!(written["extensions"], own);
    assert_eq!(written["entries"][0]["extensions"], own);
}

#[test]
fn extensions_that_no_card_has_a_place_for_come_back() {
    for extensions in [
        json!({"keys": ["x"]}),
        json!({"extensions": "text"}),
        json!({"extensions": {}}),
        json!({"id": null, "more": 1}),
        json!({"extensions": {"waifu": {"extensions": {"keys": 1}}}}),
    ] {
        let ours = Lorebook {
            settings: LoreSettings {
                extensions: extensions.as_object().unwrap().clone(),
                ..LoreSettings::default()
            },
            entries: vec![LoreEntry {
                extensions: extensions.as_object().unwrap().clone(),
                ..LoreEntry::default()
            }],
        };
        let profile = card_of(&with_field("x", &json!(1))).profile;
        for written in [to_v2(&profile, Some(&ours)), to_v3(&profile, Some(&ours))] {
            assert_eq!(
                card_of(&written).lorebook.as_ref(),
                Some(&ours),
                "{written}"
            );
        }
    }
}

#[test]
fn a_book_of_too_many_entries_is_refused() {
    let book = |entries| json!({"entries": vec![json!({}); entries]});
    let refused = |entries| {
        let card = with_field("character_book", &book(entries));
        read_json(&card).unwrap_err()
    };
    assert_eq!(refused(MOST_LORE_ENTRIES + 1), Limit::LoreEntries.into());
    // They are few enough, and too long once each field is written out.
    assert_eq!(refused(MOST_LORE_ENTRIES), Limit::WrittenText.into());
}
