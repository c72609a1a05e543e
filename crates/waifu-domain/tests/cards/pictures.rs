//! Cards in PNGs: where they stand, how they are packed, and what a picture must be.

use serde_json::json;
use waifu_domain::card::{
    CardNotWritten, CardRefused, ChunkFault, LARGEST_FILE, LARGEST_SIDE, LARGEST_TEXT, Limit, read,
    to_png, to_v2, to_v3,
};

use crate::files::{
    base64, card_of, chunk, end, header, image_data, named, png_of, png_with, text_chunk,
    unicode_chunk, with_field, zipped_text_chunk, zlib,
};

fn name_in(png: &[u8]) -> String {
    read(png).expect("a sound card").profile.name.to_string()
}

fn refused(chunks: &[Vec<u8>]) -> CardRefused {
    read(&png_of(chunks)).expect_err("no card")
}

fn fault(png: &[u8]) -> (String, usize, ChunkFault) {
    let refused = read(png).expect_err("a picture at fault");
    let CardRefused::Chunk { kind, at, why } = refused else {
        panic!("{refused}");
    };
    (kind, at, why)
}

#[test]
fn a_card_is_found_however_it_is_packed() {
    let card = base64(&named("Aiko"));
    let json = named("Aiko").to_string().into_bytes();
    for (what, chunk) in [
        ("plain", text_chunk("chara", &card)),
        ("third", text_chunk("ccv3", &card)),
        ("capitals", text_chunk("Chara", &card)),
        ("zipped", zipped_text_chunk("chara", &zlib(&card))),
        ("unicode", unicode_chunk("ccv3", false, &card)),
        (
            "unicode, zipped",
            unicode_chunk("chara", true, &zlib(&card)),
        ),
        ("bare JSON", unicode_chunk("chara", false, &json)),
    ] {
        let png = png_with(&[chunk]);
        assert_eq!(name_in(&png), "Aiko", "{what}");
        assert_eq!(read(&png).unwrap().picture.as_deref(), Some(&*png));
    }
}

#[test]
fn base64_may_be_broken_into_lines_and_lack_its_padding() {
    let wide = ["Aiko", "Aikoo", "Aikooo"];
    for name in wide {
        let card = String::from_utf8(base64(&named(name))).unwrap();
        let bare = card.trim_end_matches('=');
        let broken: Vec<_> = bare.as_bytes().chunks(7).map(<[u8]>::to_vec).collect();
        for text in [bare.as_bytes(), &broken.join(&b"\r\n "[..])] {
            assert_eq!(name_in(&png_with(&[text_chunk("chara", text)])), name);
        }
    }
}

#[test]
fn a_card_may_stand_behind_the_image_data() {
    let card = text_chunk("chara", &base64(&named("Aiko")));
    assert_eq!(
        name_in(&png_of(&[header(1, 1), image_data(), card, end()])),
        "Aiko"
    );
}

#[test]
fn the_third_version_wins_and_of_two_alike_the_first() {
    let chunk = |keyword, name| text_chunk(keyword, &base64(&named(name)));
    let (old, new) = (chunk("chara", "Old"), chunk("ccv3", "New"));
    assert_eq!(name_in(&png_with(&[old.clone(), new.clone()])), "New");
    assert_eq!(name_in(&png_with(&[new, old.clone()])), "New");
    assert_eq!(name_in(&png_with(&[old, chunk("chara", "Other")])), "Old");
}

#[test]
fn a_picture_without_a_card_is_refused() {
    let other = text_chunk("comment", &base64(&named("Aiko")));
    assert_eq!(
        read(&png_with(&[other])).unwrap_err(),
        CardRefused::NoCardInPicture
    );
}

#[test]
fn a_picture_of_bad_chunks_is_refused_with_the_chunk() {
    let card = text_chunk("chara", &base64(&named("Aiko")));
    let good = png_with(std::slice::from_ref(&card));
    assert!(read(&good).is_ok());
    let at = 33;
    let mut flipped = good.clone();
    flipped[at + 20] ^= 1;
    assert_eq!(
        fault(&flipped),
        ("tEXt".to_owned(), at, ChunkFault::Checksum)
    );
    let mut long = good.clone();
    long[at] = 0x7f;
    assert_eq!(fault(&long), ("tEXt".to_owned(), at, ChunkFault::CutShort));
    let mut nameless = good.clone();
    nameless[at + 4] = 7;
    assert_eq!(
        fault(&nameless),
        ("\\x07EXt".to_owned(), at, ChunkFault::Nameless)
    );
    let cut = &good[..good.len() - 12];
    assert_eq!(
        read(cut).unwrap_err(),
        CardRefused::CutShort { at: cut.len() }
    );
    let headless = png_of(&[card, end()]);
    assert_eq!(fault(&headless).2, ChunkFault::NotTheHeader);
}

#[test]
fn a_text_chunk_of_bad_text_is_refused() {
    for (chunk, why) in [
        (text_chunk("chara", b"!!!!"), ChunkFault::NotBase64),
        (text_chunk("chara", b"A"), ChunkFault::NotBase64),
        (
            zipped_text_chunk("chara", b"no zlib"),
            ChunkFault::NotInflatable,
        ),
        (chunk(*b"zTXt", b"chara\0\x01"), ChunkFault::NotText),
        (
            chunk(*b"iTXt", b"chara\0\x01\x01\0\0x"),
            ChunkFault::NotText,
        ),
        (chunk(*b"iTXt", b"chara\0\0\0en"), ChunkFault::NotText),
        (chunk(*b"iTXt", b"chara\0"), ChunkFault::NotText),
    ] {
        assert_eq!(fault(&png_with(&[chunk])).2, why);
    }
}

#[test]
fn a_picture_has_sides_of_allowed_length() {
    let card = text_chunk("chara", &base64(&named("Aiko")));
    let sized = |width, height| [header(width, height), card.clone(), image_data(), end()];
    assert!(read(&png_of(&sized(LARGEST_SIDE, LARGEST_SIDE))).is_ok());
    assert_eq!(refused(&sized(LARGEST_SIDE + 1, 1)), Limit::Pixels.into());
    assert_eq!(refused(&sized(1, u32::MAX)), Limit::Pixels.into());
    assert_eq!(fault(&png_of(&sized(0, 1))).2, ChunkFault::NotTheHeader);
}

#[test]
fn a_text_of_one_mebibyte_is_enough() {
    let card = |length| with_field("scenario", &json!("x".repeat(length)));
    let large = text_chunk("chara", &base64(&card(LARGEST_TEXT - 2000)));
    assert!(read(&png_with(&[large])).is_ok());
    let larger = text_chunk("chara", &base64(&card(LARGEST_TEXT)));
    assert_eq!(read(&png_with(&[larger])).unwrap_err(), Limit::Text.into());
    let bomb = zlib(&vec![b' '; 64 * 1024 * 1024]);
    assert!(bomb.len() < 100_000);
    for bomb in [
        zipped_text_chunk("ccv3", &bomb),
        unicode_chunk("chara", true, &bomb),
    ] {
        assert_eq!(read(&png_with(&[bomb])).unwrap_err(), Limit::Text.into());
    }
    let file = png_with(&[chunk(*b"junk", &vec![0; LARGEST_FILE])]);
    assert_eq!(read(&file).unwrap_err(), Limit::File.into());
}

#[test]
fn a_card_is_written_before_the_image_data_and_all_else_stays() {
    let profile = card_of(&named("Aiko")).profile;
    let old = |keyword| text_chunk(keyword, &base64(&named("Old")));
    let (note, late) = (text_chunk("note", b"mine"), text_chunk("late", b"mine"));
    let picture = png_of(&[
        header(3, 2),
        old("ccv3"),
        note.clone(),
        image_data(),
        image_data(),
        zipped_text_chunk("chara", b"broken"),
        late.clone(),
        end(),
    ]);
    let written = to_png(&profile, None, &picture).unwrap();
    let expected = png_of(&[
        header(3, 2),
        note,
        text_chunk("chara", &base64(&to_v2(&profile, None))),
        text_chunk("ccv3", &base64(&to_v3(&profile, None))),
        image_data(),
        image_data(),
        late,
        end(),
    ]);
    assert!(written == expected);
    assert_eq!(read(&written).unwrap().profile, profile);
    assert!(to_png(&profile, None, &written).unwrap() == written);
}

#[test]
fn a_card_is_written_only_into_a_sound_picture_that_stays_small_enough() {
    let profile = card_of(&named("Aiko")).profile;
    let refused = |picture: &[u8]| to_png(&profile, None, picture).unwrap_err();
    for no_png in [&b""[..], b"\xff\xd8\xff", b"GIF89a......"] {
        assert_eq!(
            refused(no_png),
            CardNotWritten::Picture(CardRefused::NotAPng)
        );
    }
    let hollow = png_of(&[header(1, 1), end()]);
    assert_eq!(refused(&hollow), CardNotWritten::NoImageData);
    let full = png_with(&[chunk(*b"junk", &vec![0; LARGEST_FILE - 200])]);
    assert!(full.len() <= LARGEST_FILE);
    assert_eq!(refused(&full), Limit::File.into());
    let mut long = profile.clone();
    long.personality.scenario = "x".repeat(LARGEST_TEXT);
    let refused = to_png(&long, None, &png_with(&[])).unwrap_err();
    assert_eq!(refused, Limit::Text.into());
}
