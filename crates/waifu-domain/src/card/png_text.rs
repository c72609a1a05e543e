//! What a text chunk of a PNG says: plain, compressed, or in Unicode and either.

use std::io::Read;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use flate2::read::ZlibDecoder;

use super::png::Chunk;
use super::{CardRefused, ChunkFault, LARGEST_TEXT, Limit};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Under which name a card of which version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    Chara,
    Ccv3,
}

/// `None` for any chunk that carries no card.
pub(super) fn keyword(chunk: Chunk) -> Option<Keyword> {
    if !matches!(&chunk.kind, b"tEXt" | b"zTXt" | b"iTXt") {
        return None;
    }
    let (keyword, _) = until_zero(chunk.body)?;
    if keyword.eq_ignore_ascii_case(b"chara") {
        Some(Keyword::Chara)
    } else if keyword.eq_ignore_ascii_case(b"ccv3") {
        Some(Keyword::Ccv3)
    } else {
        None
    }
}

/// The JSON of the card in a chunk that has such a keyword.
pub(super) fn card(chunk: Chunk) -> Result<Vec<u8>, CardRefused> {
    let text = match parts(&chunk).ok_or_else(|| chunk.refused(ChunkFault::NotText))? {
        Text::Plain(text) => decoded(text),
        Text::Zlib(packed) => decoded(&inflated(&chunk, packed)?),
    };
    text.ok_or_else(|| chunk.refused(ChunkFault::NotBase64))
}

enum Text<'a> {
    Plain(&'a [u8]),
    Zlib(&'a [u8]),
}

fn parts<'a>(chunk: &Chunk<'a>) -> Option<Text<'a>> {
    let (_, rest) = until_zero(chunk.body)?;
    match &chunk.kind {
        b"tEXt" => Some(Text::Plain(rest)),
        b"zTXt" => rest.strip_prefix(b"\0").map(Text::Zlib),
        _ => {
            let (&[is_packed, method], rest) = rest.split_first_chunk::<2>()?;
            let (_language, rest) = until_zero(rest)?;
            let (_keyword_in_that_language, text) = until_zero(rest)?;
            match (is_packed, method) {
                (0, _) => Some(Text::Plain(text)),
                (1, 0) => Some(Text::Zlib(text)),
                _ => None,
            }
        }
    }
}

fn until_zero(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

fn inflated(chunk: &Chunk, packed: &[u8]) -> Result<Vec<u8>, CardRefused> {
    let most = u64::try_from(LARGEST_TEXT).expect("1 MiB");
    let mut text = Vec::new();
    ZlibDecoder::new(packed)
        .take(most + 1)
        .read_to_end(&mut text)
        .map_err(|_| chunk.refused(ChunkFault::NotInflatable))?;
    if text.len() > LARGEST_TEXT {
        return Err(Limit::Text.into());
    }
    Ok(text)
}

/// Without regard to white space and padding; some programs write the JSON as it is.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.trim_ascii();
    if text.starts_with(b"{") {
        return Some(text.to_vec());
    }
    let mut digits = text.to_vec();
    digits.retain(|byte| !byte.is_ascii_whitespace() && *byte != b'=');
    BASE64.decode(digits).ok()
}
