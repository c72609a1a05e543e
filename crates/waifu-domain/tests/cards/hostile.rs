//! Files that nobody meant: they are refused or read within the limits, and never more than that.

use proptest::prelude::*;
use serde_json::json;
use waifu_domain::card::{
    DEEPEST, LARGEST_FILE, LARGEST_ICON, LARGEST_TEXT, MOST_LORE_ENTRIES, read, to_v2, to_v3,
};

use crate::any_card::any_card;
use crate::files::{
    SIGNATURE, archive, base64, card_json, entry, named, png_with, text_chunk, unicode_chunk,
    with_field, zipped_text_chunk, zlib,
};

fn assert_within_limits(bytes: &[u8]) {
    let Ok(card) = read(bytes) else {
        return;
    };
    assert!(card.profile.name.as_str().chars().count() <= 80);
    let book = card.lorebook.as_ref();
    assert!(book.is_none_or(|book| book.entries.len() <= MOST_LORE_ENTRIES));
    for written in [to_v2(&card.profile, book), to_v3(&card.profile, book)] {
        assert!(written.to_string().len() <= LARGEST_TEXT);
        assert!(!written.to_string().contains("\\u0000"));
    }
    let largest = if bytes.starts_with(SIGNATURE) {
        LARGEST_FILE
    } else {
        LARGEST_ICON
    };
    assert!(card.picture.is_none_or(|picture| picture.len() <= largest));
}

/// One of each kind.
fn sound_files() -> Vec<Vec<u8>> {
    let card = with_field(
        "assets",
        &json!([{"type": "icon", "name": "main", "uri": "embeded://a.png", "ext": "png"}]),
    );
    let text = base64(&named("Aiko"));
    vec![
        card.to_string().into_bytes(),
        png_with(&[text_chunk("chara", &text)]),
        png_with(&[
            zipped_text_chunk("ccv3", &zlib(&text)),
            text_chunk("x", b"y"),
        ]),
        png_with(&[unicode_chunk("ccv3", true, &zlib(&text))]),
        archive(&[
            card_json(&card),
            entry("a.png", SIGNATURE),
            entry("b", b"b"),
        ]),
    ]
}

#[test]
fn the_files_that_are_broken_below_are_sound() {
    for file in sound_files() {
        assert!(read(&file).is_ok());
    }
}

/// Every byte of each file once, in three ways.
#[test]
fn a_file_with_one_wrong_byte_does_no_harm() {
    for file in sound_files() {
        for at in 0..file.len() {
            for change in [|byte: u8| byte ^ 1, |byte| byte ^ 0x80, |_| 0xff] {
                let mut broken = file.clone();
                broken[at] = change(broken[at]);
                assert_within_limits(&broken);
            }
        }
    }
}

#[test]
fn a_file_that_ends_early_does_no_harm() {
    for file in sound_files() {
        for end in 0..file.len() {
            assert_within_limits(&file[..end]);
        }
    }
}

#[test]
fn deep_json_is_refused_and_overflows_nothing() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = [open.repeat(200_000), "1".to_owned(), close.repeat(200_000)].concat();
        assert!(read(deep.as_bytes()).is_err());
        assert!(read(format!("{{\"name\":\"A\",\"x\":{deep}}}").as_bytes()).is_err());
    }
    let wide = format!("{{\"name\":\"A\",\"description\":{}}}", "[".repeat(DEEPEST));
    assert!(read(wide.as_bytes()).is_err());
}

#[test]
fn no_text_keeps_a_nul() {
    let card = json!({"a\u{0}b": "\u{0}", "data": {
        "name": "A\u{0}", "description": "\u{0}x", "tags": ["\u{0}"],
        "extensions": {"\u{0}waifu": {"archetype": "gen\u{0}tle"}},
        "character_book": {"entries": [{"keys": ["k\u{0}"], "x": "\u{0}"}]},
    }});
    let read = read(card.to_string().as_bytes()).unwrap();
    assert!(read.profile.check_documents().is_ok());
    assert_eq!(read.profile.personality.archetype, "gentle");
    assert_eq!(read.lorebook.unwrap().entries[0].keys, ["k"]);
}

proptest! {
    #[test]
    fn random_bytes_do_no_harm(
        start in prop::sample::select(vec![&b""[..], SIGNATURE, b"PK\x03\x04", b"PK\x05\x06", b"{"]),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        assert_within_limits(&[start, &bytes].concat());
    }

    #[test]
    fn sound_files_that_are_cut_and_mixed_do_no_harm(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        moved in any::<(prop::sample::Index, prop::sample::Index, prop::sample::Index)>(),
    ) {
        let files = sound_files();
        let mut file = files[which.index(files.len())].clone();
        for (at, byte) in edits {
            let at = at.index(file.len());
            file[at] = byte;
        }
        assert_within_limits(&file);
        let (from, to) = (moved.0.index(file.len()), moved.1.index(file.len()));
        let piece = file[from.min(to)..from.max(to)].to_vec();
        let at = moved.2.index(file.len());
        file.splice(at..at, piece);
        assert_within_limits(&file);
    }

    #[test]
    fn random_texts_in_a_picture_do_no_harm(text in prop::collection::vec(any::<u8>(), 0..60)) {
        for chunk in [
            text_chunk("chara", &text),
            zipped_text_chunk("chara", &text),
            zipped_text_chunk("chara", &zlib(&text)),
            unicode_chunk("ccv3", true, &text),
        ] {
            assert_within_limits(&png_with(&[chunk]));
        }
    }

    #[test]
    fn any_card_keeps_to_the_limits(card in any_card()) {
        assert_within_limits(card.to_string().as_bytes());
    }
}
