//! A PNG that carries a card in its text chunks. Its pixels are nobody's business here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::png_text::{self, Keyword};
use super::writing::{json_text, to_v2, to_v3};
use super::{CardNotWritten, CardRefused, ChunkFault, LARGEST_FILE, LARGEST_SIDE, Limit};
use crate::lore::Lorebook;
use crate::waifu::WaifuProfile;

pub(super) const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// Its length, its kind and its checksum, 4 bytes each.
const FRAME: usize = 12;

/// The JSON of the newest version that the picture carries.
pub(super) fn card_text(png: &[u8]) -> Result<Vec<u8>, CardRefused> {
    let mut second = None;
    let mut third = None;
    for chunk in chunks(png) {
        let chunk = chunk?;
        let place = match png_text::keyword(chunk) {
            Some(Keyword::Chara) => &mut second,
            Some(Keyword::Ccv3) => &mut third,
            None => continue,
        };
        // Of two under one keyword, the first counts.
        place.get_or_insert(chunk);
    }
    let chunk = third.or(second).ok_or(CardRefused::NoCardInPicture)?;
    png_text::card(chunk)
}

/// The picture with the card in it, for readers of the second version and of the third. Cards that it carried go; all
/// else of it stays as it is.
pub fn to_png(
    profile: &WaifuProfile,
    lorebook: Option<&Lorebook>,
    picture: &[u8],
) -> Result<Vec<u8>, CardNotWritten> {
    let card = [
        text_chunk("chara", &json_text(&to_v2(profile, lorebook))?),
        text_chunk("ccv3", &json_text(&to_v3(profile, lorebook))?),
    ]
    .concat();
    if picture.len() > LARGEST_FILE {
        return Err(Limit::File.into());
    }
    let mut png = SIGNATURE.to_vec();
    let mut has_card = false;
    for chunk in chunks(picture) {
        let chunk = chunk.map_err(CardNotWritten::Picture)?;
        if png_text::keyword(chunk).is_some() {
            continue;
        }
        if chunk.kind == *b"IDAT" && !has_card {
            png.extend_from_slice(&card);
            has_card = true;
        }
        png.extend_from_slice(chunk.whole);
    }
    if !has_card {
        return Err(CardNotWritten::NoImageData);
    }
    if png.len() > LARGEST_FILE {
        return Err(Limit::File.into());
    }
    Ok(png)
}

fn text_chunk(keyword: &str, card: &str) -> Vec<u8> {
    let body = format!("tEXt{keyword}\0{}", STANDARD.encode(card));
    let length = u32::try_from(body.len() - 4).expect("a card is at most 1 MiB");
    [
        &length.to_be_bytes(),
        body.as_bytes(),
        &crc32fast::hash(body.as_bytes()).to_be_bytes(),
    ]
    .concat()
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk<'a> {
    /// Counted from the file's start.
    pub(super) at: usize,
    pub(super) kind: [u8; 4],
    pub(super) body: &'a [u8],
    whole: &'a [u8],
}

impl Chunk<'_> {
    pub(super) fn refused(&self, why: ChunkFault) -> CardRefused {
        refused(self.kind, self.at, why)
    }
}

fn refused(kind: [u8; 4], at: usize, why: ChunkFault) -> CardRefused {
    CardRefused::Chunk {
        kind: kind.escape_ascii().to_string(),
        at,
        why,
    }
}

/// The chunks up to the end chunk, each checked when it comes; the first is a header of allowed size.
fn chunks(png: &[u8]) -> Chunks<'_> {
    Chunks {
        png,
        next: Some(SIGNATURE.len()),
    }
}

struct Chunks<'a> {
    png: &'a [u8],
    /// `None` after the end or a fault.
    next: Option<usize>,
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Result<Chunk<'a>, CardRefused>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.next.take()?;
        let chunk = chunk_at(self.png, at);
        if let Ok(chunk) = &chunk
            && chunk.kind != *b"IEND"
        {
            self.next = Some(at + chunk.whole.len());
        }
        Some(chunk)
    }
}

fn chunk_at(png: &[u8], at: usize) -> Result<Chunk<'_>, CardRefused> {
    if at == SIGNATURE.len() && !png.starts_with(&SIGNATURE) {
        return Err(CardRefused::NotAPng);
    }
    let rest = &png[at..];
    let cut_short = CardRefused::CutShort { at };
    let (length, after) = rest.split_first_chunk::<4>().ok_or(cut_short.clone())?;
    let kind = *after.first_chunk::<4>().ok_or(cut_short)?;
    if !kind.iter().all(u8::is_ascii_alphabetic) {
        return Err(refused(kind, at, ChunkFault::Nameless));
    }
    let whole = usize::try_from(u32::from_be_bytes(*length))
        .ok()
        .and_then(|length| length.checked_add(FRAME))
        .and_then(|length| rest.get(..length))
        .ok_or_else(|| refused(kind, at, ChunkFault::CutShort))?;
    let (checked, checksum) = whole[4..].split_at(whole.len() - 8);
    if crc32fast::hash(checked).to_be_bytes() != *checksum {
        return Err(refused(kind, at, ChunkFault::Checksum));
    }
    let chunk = Chunk {
        at,
        kind,
        body: &checked[4..],
        whole,
    };
    if at == SIGNATURE.len() {
        check_header(&chunk)?;
    }
    Ok(chunk)
}

fn check_header(chunk: &Chunk) -> Result<(), CardRefused> {
    let not_the_header = || chunk.refused(ChunkFault::NotTheHeader);
    let header: [u8; 13] = chunk.body.try_into().map_err(|_| not_the_header())?;
    let [w0, w1, w2, w3, h0, h1, h2, h3, ..] = header;
    let sides = [[w0, w1, w2, w3], [h0, h1, h2, h3]].map(u32::from_be_bytes);
    if chunk.kind != *b"IHDR" || sides.contains(&0) {
        return Err(not_the_header());
    }
    if sides.iter().any(|side| *side > LARGEST_SIDE) {
        return Err(Limit::Pixels.into());
    }
    Ok(())
}
