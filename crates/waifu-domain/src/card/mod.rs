//! Character cards: a companion as one file that other programs read and write.
//!
//! The reader takes what is out there: a PNG with the card in a text chunk, a CHARX archive, or JSON; the flat first
//! version, the second and the third; fields of the wrong type and fields that are missing. The writer is strict: each
//! field that a version requires is there and has its type. What was read and written reads as the same again.
//!
//! | of a card | of a companion |
//! |---|---|
//! | `name` | name |
//! | `description`, `scenario` | the same |
//! | `personality` | background |
//! | `first_mes`, `alternate_greetings` | greetings, the first and the others |
//! | `mes_example` | example dialogues, one after each `<START>` line |
//! | `system_prompt`, `post_history_instructions` | the same |
//! | `character_book` | the lorebook |
//! | any other field | kept under `card` of the personality's extensions, see `passengers` |
//! | `waifu` of its `extensions` | what of her has no field in a card, see `home` |
//!
//! A field that a card's standard knows is kept in the type that the standard wants, and left out where it says
//! nothing; one that no reading brings into that type is dropped. Any other field comes back as it was.

mod assets;
mod charx;
mod dialogues;
mod home;
mod lenient;
mod limits;
mod lore;
mod passengers;
mod png;
mod png_text;
mod reading;
mod refused;
mod writing;

pub use charx::to_charx;
pub use limits::{
    DEEPEST, LARGEST_FILE, LARGEST_ICON, LARGEST_SIDE, LARGEST_TEXT, LARGEST_UNZIPPED, Limit,
    MOST_LORE_ENTRIES, MOST_ZIP_ENTRIES,
};
pub use png::to_png;
pub use refused::{CardNotWritten, CardRefused, ChunkFault};
pub use writing::{to_v2, to_v3};

use crate::lore::Lorebook;
use crate::waifu::WaifuProfile;

/// What a card holds. The documents of the profile may be larger than a store takes: see
/// [`WaifuProfile::check_documents`].
#[derive(Debug, Clone, PartialEq)]
pub struct ReadCard {
    pub profile: WaifuProfile,
    pub lorebook: Option<Lorebook>,
    /// The file itself when that is a PNG, or the main icon of a CHARX. Of its pixels nothing is known.
    pub picture: Option<Vec<u8>>,
}

/// Reads a card of any kind, told apart by its first bytes.
pub fn read(bytes: &[u8]) -> Result<ReadCard, CardRefused> {
    if bytes.len() > LARGEST_FILE {
        return Err(Limit::File.into());
    }
    if bytes.starts_with(&png::SIGNATURE) {
        let reading = reading::card(&png::card_text(bytes)?)?;
        Ok(reading.with_picture(Some(bytes.to_vec())))
    } else if charx::is_archive(bytes) {
        charx::read(bytes)
    } else {
        Ok(reading::card(bytes)?.with_picture(None))
    }
}
