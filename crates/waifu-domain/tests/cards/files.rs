//! Files made by hand: pictures by their chunks, and archives by their headers, right or wrong.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::{DeflateEncoder, ZlibEncoder};
use serde_json::{Value, json};
use waifu_domain::card::{CardRefused, ReadCard, read};
use waifu_domain::waifu::Personality;

pub(crate) fn read_json(card: &Value) -> Result<ReadCard, CardRefused> {
    read(card.to_string().as_bytes())
}

pub(crate) fn card_of(card: &Value) -> ReadCard {
    read_json(card).expect("a sound card")
}

pub(crate) fn personality_of(card: &Value) -> Personality {
    card_of(card).profile.personality
}

/// A card of the second version with one field more.
pub(crate) fn with_field(key: &str, value: &Value) -> Value {
    let mut card = json!({
        "spec": "chara_card_v2",
        "spec_version": "2.0",
        "data": {"name": "Aiko"},
    });
    card["data"][key] = value.clone();
    card
}

pub(crate) fn named(name: &str) -> Value {
    json!({"spec": "chara_card_v2", "spec_version": "2.0", "data": {"name": name}})
}

pub(crate) fn base64(card: &Value) -> Vec<u8> {
    STANDARD.encode(card.to_string()).into_bytes()
}

pub(crate) fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

pub(crate) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

pub(crate) fn chunk(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
    let checked = [&kind, body].concat();
    [
        &u32::try_from(body.len())
            .expect("a small number")
            .to_be_bytes(),
        checked.as_slice(),
        &crc32fast::hash(&checked).to_be_bytes(),
    ]
    .concat()
}

pub(crate) fn header(width: u32, height: u32) -> Vec<u8> {
    let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
    chunk(*b"IHDR", &[sides.as_slice(), &[8, 2, 0, 0, 0]].concat())
}

pub(crate) fn image_data() -> Vec<u8> {
    chunk(*b"IDAT", &zlib(&[0; 4]))
}

pub(crate) fn end() -> Vec<u8> {
    chunk(*b"IEND", b"")
}

/// A picture with these chunks between its header and its image data.
pub(crate) fn png_with(chunks: &[Vec<u8>]) -> Vec<u8> {
    png_of(&[&[header(1, 1)], chunks, &[image_data(), end()]].concat())
}

pub(crate) fn png_of(chunks: &[Vec<u8>]) -> Vec<u8> {
    [SIGNATURE, &chunks.concat()].concat()
}

pub(crate) fn text_chunk(keyword: &str, text: &[u8]) -> Vec<u8> {
    chunk(*b"tEXt", &[keyword.as_bytes(), b"\0", text].concat())
}

pub(crate) fn zipped_text_chunk(keyword: &str, packed: &[u8]) -> Vec<u8> {
    chunk(*b"zTXt", &[keyword.as_bytes(), b"\0\0", packed].concat())
}

/// With a language and a translated keyword.
pub(crate) fn unicode_chunk(keyword: &str, is_packed: bool, text: &[u8]) -> Vec<u8> {
    let flags = [u8::from(is_packed), 0];
    let body = [keyword.as_bytes(), b"\0", &flags, b"en\0card\0", text];
    chunk(*b"iTXt", &body.concat())
}

pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) is_packed: bool,
    /// What the headers say of its size, when that isn't true.
    pub(crate) claimed: Option<u32>,
}

pub(crate) fn entry(path: &str, bytes: &[u8]) -> Entry {
    Entry {
        path: path.to_owned(),
        bytes: bytes.to_vec(),
        is_packed: true,
        claimed: None,
    }
}

pub(crate) fn card_json(card: &Value) -> Entry {
    entry("card.json", card.to_string().as_bytes())
}

/// An archive by its headers, whatever they say.
pub(crate) fn archive(entries: &[Entry]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let at = u32::try_from(file.len()).expect("a small number");
        let body = if entry.is_packed {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(&entry.bytes).expect("memory takes it");
            encoder.finish().expect("memory takes it")
        } else {
            entry.bytes.clone()
        };
        let size = entry
            .claimed
            .unwrap_or(u32::try_from(entry.bytes.len()).expect("a small number"));
        let shared = [
            &20u16.to_le_bytes()[..],
            &0x0800u16.to_le_bytes(),
            &(if entry.is_packed { 8u16 } else { 0 }).to_le_bytes(),
            &[0, 0, 0x21, 0],
            &crc32fast::hash(&entry.bytes).to_le_bytes(),
            &u32::try_from(body.len())
                .expect("a small number")
                .to_le_bytes(),
            &size.to_le_bytes(),
            &u16::try_from(entry.path.len())
                .expect("a small number")
                .to_le_bytes(),
            &0u16.to_le_bytes(),
        ]
        .concat();
        file.extend(
            [
                b"PK\x03\x04",
                shared.as_slice(),
                entry.path.as_bytes(),
                &body,
            ]
            .concat(),
        );
        let rest = [&[0; 10][..], &at.to_le_bytes(), entry.path.as_bytes()].concat();
        directory.extend([b"PK\x01\x02", &20u16.to_le_bytes()[..], &shared, &rest].concat());
    }
    let count = u16::try_from(entries.len())
        .expect("a small number")
        .to_le_bytes();
    let end = [
        b"PK\x05\x06",
        &[0; 4][..],
        &count,
        &count,
        &u32::try_from(directory.len())
            .expect("a small number")
            .to_le_bytes(),
        &u32::try_from(file.len())
            .expect("a small number")
            .to_le_bytes(),
        &[0; 2],
    ]
    .concat();
    [file, directory, end].concat()
}
