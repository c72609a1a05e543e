//! CHARX: a zip archive with the card as `card.json` and, of its pictures, the main icon.

use std::io::{self, Cursor, Read, Write};

use serde_json::Value;
use zip::read::{ZipArchive, ZipFile};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::assets::{self, Format};
use super::reading;
use super::writing::{json_text, to_v3};
use super::{
    CardNotWritten, CardRefused, LARGEST_FILE, LARGEST_ICON, LARGEST_TEXT, LARGEST_UNZIPPED, Limit,
    MOST_ZIP_ENTRIES, ReadCard,
};
use crate::lore::Lorebook;
use crate::waifu::WaifuProfile;

const CARD: &str = "card.json";
const LONGEST_PATH: usize = 255;

/// With entries, or with none.
pub(super) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

pub(super) fn read(bytes: &[u8]) -> Result<ReadCard, CardRefused> {
    check_announced_entries(bytes)?;
    let archive = ZipArchive::new(Cursor::new(bytes));
    let mut archive = archive.map_err(|error| archive_refused(&error))?;
    if archive.len() > MOST_ZIP_ENTRIES {
        return Err(Limit::ZipEntries.into());
    }
    let mut json = None;
    each_entry(&mut archive, |path, entry| {
        if path == CARD {
            json = Some(at_most(LARGEST_TEXT, entry)?);
        }
        Ok(())
    })?;
    let json = json.ok_or(CardRefused::NoCardInArchive)?;
    let reading = reading::card(&json.ok_or(Limit::Text)?)?;
    let picture = icon(&mut archive, &reading.icons)?;
    Ok(reading.with_picture(picture))
}

/// Before each entry costs memory, by the archive's last end record; the longer record, whose mark would stand before
/// it, is for archives of more entries than are taken.
fn check_announced_entries(bytes: &[u8]) -> Result<(), CardRefused> {
    let ends = |mark: &[u8; 4]| bytes.windows(4).rposition(|bytes| bytes == mark);
    let Some(end) = ends(b"PK\x05\x06") else {
        return Ok(());
    };
    let (before, record) = bytes.split_at(end);
    let is_long = before
        .last_chunk::<20>()
        .is_some_and(|mark| mark.starts_with(b"PK\x06\x07"));
    let entries = record.get(10..12).and_then(|count| count.try_into().ok());
    let entries = entries.map_or(0, u16::from_le_bytes);
    if is_long || usize::from(entries) > MOST_ZIP_ENTRIES {
        return Err(Limit::ZipEntries.into());
    }
    Ok(())
}

/// The picture at the first of the paths that has one.
fn icon(archive: &mut Archive, paths: &[String]) -> Result<Option<Vec<u8>>, CardRefused> {
    let mut best: Option<(usize, Vec<u8>)> = None;
    if paths.is_empty() {
        return Ok(None);
    }
    each_entry(archive, |path, entry| {
        let Some(place) = paths.iter().position(|icon| icon == path) else {
            return Ok(());
        };
        if best.as_ref().is_none_or(|(best, _)| place < *best)
            && let Some(picture) = at_most(LARGEST_ICON, entry)?
            && Format::of_icon(&picture).is_some()
        {
            best = Some((place, picture));
        }
        Ok(())
    })?;
    Ok(best.map(|(_, picture)| picture))
}

/// An archive with the card and, under the path that the card names or else under our own, her picture.
pub fn to_charx(
    profile: &WaifuProfile,
    lorebook: Option<&Lorebook>,
    picture: Option<&[u8]>,
) -> Result<Vec<u8>, CardNotWritten> {
    let mut card = to_v3(profile, lorebook);
    let icon = match picture {
        Some(picture) => {
            let format = Format::of_icon(picture).ok_or(CardNotWritten::NotAnIcon)?;
            Some((place_of_icon(&mut card, format), picture))
        }
        None => None,
    };
    let archive = zipped(&json_text(&card)?, icon).expect("writing to memory doesn't fail");
    if archive.len() > LARGEST_FILE {
        return Err(Limit::File.into());
    }
    Ok(archive)
}

fn place_of_icon(card: &mut Value, format: Format) -> String {
    let named = card["data"].as_object().map(assets::main_icons);
    let mut named = named.unwrap_or_default().into_iter();
    named.find(|path| is_place(path)).unwrap_or_else(|| {
        assets::add_own(card, format);
        format.own_path()
    })
}

fn zipped(json: &str, icon: Option<(String, &[u8])>) -> Result<Vec<u8>, ZipError> {
    let options = SimpleFileOptions::default().last_modified_time(DateTime::default());
    let packed = options.compression_method(CompressionMethod::Deflated);
    let stored = options.compression_method(CompressionMethod::Stored);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file(CARD, packed)?;
    archive.write_all(json.as_bytes())?;
    if let Some((path, picture)) = icon {
        archive.start_file(path, stored)?;
        archive.write_all(picture)?;
    }
    Ok(archive.finish()?.into_inner())
}

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Reads all of each entry, since only reading tells its size.
fn each_entry(
    archive: &mut Archive,
    mut visit: impl FnMut(&str, &mut dyn Read) -> io::Result<()>,
) -> Result<(), CardRefused> {
    let mut room = LARGEST_UNZIPPED;
    for index in 0..archive.len() {
        let entry = archive.by_index(index);
        let entry = entry.map_err(|error| archive_refused(&error))?;
        let path = entry.name().map_err(|error| archive_refused(&error))?;
        let path = path.into_owned();
        if !stays_inside(&path) {
            return Err(CardRefused::Escapes { path: shown(&path) });
        }
        let mut entry = Counted {
            entry,
            room: Some(room),
        };
        let read = visit(&path, &mut entry).and_then(|()| io::copy(&mut entry, &mut io::sink()));
        room = entry.room.ok_or(Limit::Unzipped)?;
        read.map_err(|error| CardRefused::Entry {
            path: shown(&path),
            why: error.to_string(),
        })?;
    }
    Ok(())
}

struct Counted<'a, 'b> {
    entry: ZipFile<'a, Cursor<&'b [u8]>>,
    /// How many more bytes may come out; `None` once more did.
    room: Option<u64>,
}

impl Read for Counted<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.entry.read(into)?;
        let bytes = u64::try_from(read).map_err(io::Error::other)?;
        self.room = self.room.and_then(|room| room.checked_sub(bytes));
        match self.room {
            Some(_) => Ok(read),
            None => Err(io::Error::other(Limit::Unzipped)),
        }
    }
}

/// `None` for an entry that is larger.
fn at_most(most: usize, entry: &mut dyn Read) -> io::Result<Option<Vec<u8>>> {
    let most_read = u64::try_from(most).map_err(io::Error::other)?;
    let mut bytes = Vec::new();
    entry.take(most_read + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= most).then_some(bytes))
}

fn stays_inside(path: &str) -> bool {
    let has_drive = path.as_bytes().get(1) == Some(&b':');
    let climbs = path.split('/').any(|part| part == "..");
    !(path.is_empty()
        || path.starts_with('/')
        || path.contains(['\\', '\0'])
        || has_drive
        || climbs)
}

/// Whether the writer may put an icon there.
fn is_place(path: &str) -> bool {
    stays_inside(path) && path != CARD && !path.ends_with('/') && path.len() <= LONGEST_PATH
}

/// As much of a path as an error needs.
fn shown(path: &str) -> String {
    path.chars().take(LONGEST_PATH).collect()
}

fn archive_refused(error: &ZipError) -> CardRefused {
    CardRefused::Archive {
        why: error.to_string(),
    }
}
