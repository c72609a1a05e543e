//! What is read and written reads as the same again, and what nobody here knows is written as it was.

use proptest::prelude::*;
use serde_json::{Map, Value};
use waifu_domain::card::{ReadCard, read, to_charx, to_png, to_v2, to_v3};

use crate::any_card::any_card;
use crate::companions::{any_lorebook, any_profile};
use crate::files::{png_with, read_json};

const ICON: &[u8] = b"\xff\xd8\xff and so on";
/// Fields whose types the standards tell, at the root and in `data`.
const KNOWN: [&str; 25] = [
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
];

/// In each of the files that can be made of it.
fn all_written(card: &ReadCard) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let (profile, book) = (&card.profile, card.lorebook.as_ref());
    let png = to_png(profile, book, &png_with(&[])).expect("a card that fits");
    vec![
        (to_v2(profile, book).to_string().into_bytes(), None),
        (to_v3(profile, book).to_string().into_bytes(), None),
        (png.clone(), Some(png)),
        (
            to_charx(profile, book, Some(ICON)).expect("a card that fits"),
            Some(ICON.to_vec()),
        ),
        (
            to_charx(profile, book, None).expect("a card that fits"),
            None,
        ),
    ]
}

fn assert_all_read_again(card: &ReadCard) {
    for (nth, (bytes, picture)) in all_written(card).into_iter().enumerate() {
        let again = read(&bytes).expect("a sound card");
        assert_eq!(again.profile, card.profile, "file {nth}");
        assert_eq!(again.lorebook, card.lorebook, "file {nth}");
        assert_eq!(again.picture, picture, "file {nth}");
    }
}

fn assert_unknown_kept(given: &Map<String, Value>, written: &Value) {
    for (key, value) in given {
        if !KNOWN.contains(&key.as_str()) {
            assert_eq!(&written[key], value, "{key}");
        }
    }
}

fn assert_unknown_of_card_kept(card: &Value, written: &Value) {
    let root = card.as_object().expect("an object");
    assert_unknown_kept(root, written);
    let Some(data) = root.get("data").and_then(Value::as_object) else {
        return;
    };
    assert_unknown_kept(data, &written["data"]);
    let own = data.get("extensions").and_then(Value::as_object);
    for (key, value) in own.into_iter().flatten() {
        if key != "waifu" {
            assert_eq!(
                &written["data"]["extensions"][key], value,
                "extension {key}"
            );
        }
    }
}

proptest! {
    #[test]
    fn what_was_read_is_read_again(card in any_card()) {
        if let Ok(read) = read_json(&card) {
            assert_all_read_again(&read);
            for written in [
                to_v2(&read.profile, read.lorebook.as_ref()),
                to_v3(&read.profile, read.lorebook.as_ref()),
            ] {
                assert_unknown_of_card_kept(&card, &written);
            }
        }
    }

    #[test]
    fn a_companion_of_ours_comes_back_from_each_file(
        profile in any_profile(),
        lorebook in prop::option::of(any_lorebook()),
    ) {
        assert_all_read_again(&ReadCard { profile, lorebook, picture: None });
    }
}

/// A law over cards that are all refused would say nothing.
#[test]
fn most_of_the_cards_are_read() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let read = (0..200)
        .map(|_| any_card().new_tree(&mut runner).unwrap().current())
        .filter(|card| read_json(card).is_ok())
        .count();
    assert!(read >= 150, "{read} of 200");
}
