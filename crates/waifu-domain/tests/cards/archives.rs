//! CHARX: the card, her picture, and what an archive must not do.

use proptest::prelude::*;
use serde_json::{Value, json};
use waifu_domain::card::{
    CardNotWritten, CardRefused, LARGEST_ICON, LARGEST_TEXT, Limit, MOST_ZIP_ENTRIES, ReadCard,
    read, to_charx, to_v3,
};

use crate::files::{Entry, archive, card_json, card_of, entry, named, with_field};

const JPEG: &[u8] = b"\xff\xd8\xff and so on";
const WEBP: &[u8] = b"RIFF\x04\0\0\0WEBP and so on";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

fn icon_at(uri: &str) -> Value {
    json!({"type": "icon", "name": "main", "uri": uri, "ext": "png"})
}

fn with_assets(assets: &Value) -> Value {
    with_field("assets", assets)
}

fn refused(entries: &[Entry]) -> CardRefused {
    read(&archive(entries)).expect_err("no card")
}

fn picture_of(assets: &Value, files: Vec<Entry>) -> Option<Vec<u8>> {
    let card = card_json(&with_assets(assets));
    let entries: Vec<_> = files.into_iter().chain([card]).collect();
    read(&archive(&entries)).expect("a sound card").picture
}

#[test]
fn the_card_and_its_main_icon_are_read() {
    for uri in ["embeded://assets/a.png", "embedded://assets/a.png"] {
        for picture in [JPEG, WEBP, PNG] {
            let files = vec![entry("assets/", b""), entry("assets/a.png", picture)];
            assert_eq!(
                picture_of(&json!([icon_at(uri)]), files).as_deref(),
                Some(picture)
            );
        }
    }
    let stored = Entry {
        is_packed: false,
        ..card_json(&named("Aiko"))
    };
    let read = read(&archive(&[stored])).unwrap();
    assert_eq!((read.profile.name.as_str(), read.picture), ("Aiko", None));
}

#[test]
fn the_first_main_icon_that_is_a_picture_counts() {
    let assets = json!([
        {"type": "background", "name": "main", "uri": "embeded://back.png", "ext": "png"},
        {"type": "icon", "name": "sad", "uri": "embeded://sad.png", "ext": "png"},
        icon_at("https://example.com/a.png"),
        icon_at("embeded://missing.png"),
        icon_at("embeded://text.png"),
        icon_at("embeded://large.png"),
        icon_at("embeded://first.png"),
        icon_at("embeded://second.png"),
    ]);
    let large = [PNG, &vec![0; LARGEST_ICON]].concat();
    let files = || {
        vec![
            entry("second.png", WEBP),
            entry("back.png", PNG),
            entry("sad.png", PNG),
            entry("text.png", b"<svg>"),
            entry("large.png", &large),
            entry("first.png", JPEG),
        ]
    };
    assert_eq!(picture_of(&assets, files()).as_deref(), Some(JPEG));
    let reversed = files().into_iter().rev().collect();
    assert_eq!(picture_of(&assets, reversed).as_deref(), Some(JPEG));
    assert_eq!(picture_of(&json!([assets[2]]), files()), None);
    assert_eq!(picture_of(&json!([assets[5]]), files()), None);
    assert_eq!(picture_of(&json!(null), files()), None);
}

#[test]
fn an_archive_without_a_card_at_its_root_is_refused() {
    assert_eq!(refused(&[]), CardRefused::NoCardInArchive);
    let inside = entry("x/card.json", b"{\"name\": \"Aiko\"}");
    assert_eq!(refused(&[inside]), CardRefused::NoCardInArchive);
    let large = entry("card.json", &vec![b' '; LARGEST_TEXT + 1]);
    assert_eq!(refused(&[large]), Limit::Text.into());
}

#[test]
fn a_path_that_leaves_its_folder_is_refused() {
    for path in [
        "../a",
        "a/../../b",
        "a/..",
        "/a",
        "\\a",
        "a\\b",
        "C:/a",
        "c:a",
        "a\0b",
        "",
    ] {
        let entries = [card_json(&named("Aiko")), entry(path, b"x")];
        let path = path.to_owned();
        assert_eq!(refused(&entries), CardRefused::Escapes { path });
    }
    for path in ["..a/b..", "a/./b", "a...", "ä/ö"] {
        assert!(read(&archive(&[card_json(&named("A")), entry(path, b"x")])).is_ok());
    }
}

#[test]
fn too_many_entries_are_refused() {
    let entries = |count| {
        let others = (1..count).map(|n| entry(&n.to_string(), b""));
        others
            .chain([card_json(&named("Aiko"))])
            .collect::<Vec<_>>()
    };
    assert!(read(&archive(&entries(MOST_ZIP_ENTRIES))).is_ok());
    assert_eq!(
        refused(&entries(MOST_ZIP_ENTRIES + 1)),
        Limit::ZipEntries.into()
    );
}

#[test]
fn entries_under_one_name_count_each() {
    let others = (0..MOST_ZIP_ENTRIES).map(|_| entry("a", b""));
    let entries: Vec<_> = others.chain([card_json(&named("Aiko"))]).collect();
    assert_eq!(refused(&entries), Limit::ZipEntries.into());
}

/// The reader of archives takes the record before it when the last is broken.
#[test]
fn entries_behind_a_broken_end_record_count_each() {
    let others = (0..MOST_ZIP_ENTRIES).map(|n| entry(&n.to_string(), b""));
    let entries: Vec<_> = others.chain([card_json(&named("Aiko"))]).collect();
    let mut bytes = archive(&entries);
    bytes.extend([b"PK\x05\x06\0\0\0\0\x01\0\x01\0", &[0x11; 8][..], &[0; 2]].concat());
    assert_eq!(read(&bytes).unwrap_err(), Limit::ZipEntries.into());
}

#[test]
fn a_bomb_is_refused_whatever_its_headers_claim() {
    let zeros = vec![0; 22 * 1024 * 1024];
    let files = |claimed| {
        let part = |path: &str| Entry {
            claimed,
            ..entry(path, &zeros)
        };
        [card_json(&named("Aiko")), part("a"), part("b"), part("c")]
    };
    let bomb = archive(&files(None));
    assert!(bomb.len() < 100_000);
    assert_eq!(read(&bomb).unwrap_err(), Limit::Unzipped.into());
    assert!(read(&archive(&files(None)[..3])).is_ok());
    for claimed in [1, 22 * 1024 * 1024 - 1] {
        let refused = refused(&files(Some(claimed)));
        let is_known = matches!(
            refused,
            CardRefused::OverLimit(Limit::Unzipped) | CardRefused::Entry { .. }
        );
        assert!(is_known, "{refused}");
    }
}

#[test]
fn a_broken_entry_is_refused_with_its_path() {
    let mut bytes = archive(&[
        card_json(&named("Aiko")),
        Entry {
            is_packed: false,
            ..entry("a", b"right")
        },
    ]);
    let at = bytes
        .windows(5)
        .position(|bytes| bytes == b"right")
        .unwrap();
    bytes[at] = b'w';
    let refused = read(&bytes).unwrap_err();
    assert!(
        matches!(&refused, CardRefused::Entry { path, .. } if path == "a"),
        "{refused}"
    );
    let cut = &bytes[..bytes.len() - 30];
    assert!(matches!(
        read(cut).unwrap_err(),
        CardRefused::Archive { .. }
    ));
}

#[test]
fn a_card_is_written_with_her_picture_and_read_as_it_was() {
    for assets in [
        json!(null),
        json!([icon_at("embeded://her/own.png")]),
        json!([icon_at("ccdefault:"), icon_at("https://example.com")]),
        json!([
            icon_at("embeded://../out.png"),
            icon_at("embeded://card.json"),
            icon_at("embeded://a/")
        ]),
        json!([icon_at(&format!("embeded://{}", "x".repeat(70_000)))]),
        json!([{"type": "other"}]),
    ] {
        let mut given = card_of(&with_assets(&assets));
        for picture in [JPEG, WEBP, PNG] {
            let bytes = to_charx(&given.profile, None, Some(picture)).unwrap();
            given.picture = Some(picture.to_vec());
            assert_eq!(read(&bytes).unwrap(), given, "{assets}");
            assert!(bytes == to_charx(&given.profile, None, Some(picture)).unwrap());
        }
        let bare = to_charx(&given.profile, None, None).unwrap();
        given.picture = None;
        assert_eq!(read(&bare).unwrap(), given);
    }
}

#[test]
fn the_written_card_names_her_picture_first() {
    let read = card_of(&with_assets(&json!([icon_at("ccdefault:")])));
    let bytes = to_charx(&read.profile, None, Some(JPEG)).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let card: Value = serde_json::from_reader(archive.by_name("card.json").unwrap()).unwrap();
    let main = json!({
        "type": "icon",
        "uri": "embeded://assets/icon/images/main.jpeg",
        "name": "main",
        "ext": "jpeg",
    });
    assert_eq!(card["data"]["assets"], json!([main, icon_at("ccdefault:")]));
    assert!(archive.by_name("assets/icon/images/main.jpeg").is_ok());
    // The JSON of an archive is a card by itself, and means no other assets.
    let ReadCard { profile, .. } = card_of(&card);
    assert_eq!(profile, read.profile);
    assert_eq!(
        to_v3(&profile, None)["data"]["assets"],
        json!([icon_at("ccdefault:")])
    );
}

#[test]
fn only_a_small_picture_is_written() {
    let profile = card_of(&named("Aiko")).profile;
    let large = [PNG, &vec![0; LARGEST_ICON]].concat();
    for picture in [&b"<svg>"[..], b"", &large] {
        let refused = to_charx(&profile, None, Some(picture)).unwrap_err();
        assert_eq!(refused, CardNotWritten::NotAnIcon);
    }
    let mut long = profile;
    long.personality.scenario = "x".repeat(LARGEST_TEXT);
    assert_eq!(to_charx(&long, None, None).unwrap_err(), Limit::Text.into());
}

proptest! {
    #[test]
    fn a_picture_is_read_from_wherever_a_card_names_it(
        path in prop_oneof!["[a./:\\\\]{0,6}", "(card.json|CARD.JSON|ä|a| |%2e|//){0,3}", any::<String>()],
    ) {
        let assets = json!([icon_at(&format!("embeded://{path}"))]);
        let mut given = card_of(&with_assets(&assets));
        given.picture = Some(JPEG.to_vec());
        let bytes = to_charx(&given.profile, None, Some(JPEG)).unwrap();
        prop_assert_eq!(read(&bytes).unwrap(), given);
    }
}
