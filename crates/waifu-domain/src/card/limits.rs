//! How much of a card is read, so that a stranger's file costs little.

/// In bytes: 8 MiB, of any kind of file.
pub const LARGEST_FILE: usize = 8 * 1024 * 1024;
/// In bytes: 1 MiB of JSON, and of what a text chunk inflates to.
pub const LARGEST_TEXT: usize = 1024 * 1024;
/// How many lists and objects may stand in each other. Less than `serde_json` reads, since a kept field moves a few
/// levels down where it is stored.
pub const DEEPEST: usize = 96;
pub const MOST_LORE_ENTRIES: usize = 5_000;
/// In pixels, of a PNG.
pub const LARGEST_SIDE: u32 = 4096;
pub const MOST_ZIP_ENTRIES: usize = 1_000;
/// In bytes: 64 MiB of all entries together, counted while they are read.
pub const LARGEST_UNZIPPED: u64 = 64 * 1024 * 1024;
/// In bytes: 1 MiB, of the main icon in an archive.
pub const LARGEST_ICON: usize = 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    #[error("the file must be at most {LARGEST_FILE} bytes")]
    File,
    #[error("the card must be at most {LARGEST_TEXT} bytes of JSON")]
    Text,
    #[error("the card must be at most {LARGEST_TEXT} bytes of JSON once each field is written out")]
    WrittenText,
    #[error("lists and objects must stand at most {DEEPEST} deep in each other")]
    Depth,
    #[error("the lorebook must have at most {MOST_LORE_ENTRIES} entries")]
    LoreEntries,
    #[error("the picture must be at most {LARGEST_SIDE} pixels wide and high")]
    Pixels,
    #[error("the archive must have at most {MOST_ZIP_ENTRIES} entries")]
    ZipEntries,
    #[error("the archive must be at most {LARGEST_UNZIPPED} bytes unzipped")]
    Unzipped,
}
