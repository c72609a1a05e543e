//! Why a file is no card, or a companion can't be made one, and where.

use super::{LARGEST_ICON, Limit};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CardRefused {
    #[error(transparent)]
    OverLimit(#[from] Limit),
    #[error("is no JSON at line {line}, column {column}")]
    NotJson { line: usize, column: usize },
    #[error("is no JSON object")]
    NotAnObject,
    #[error("must have a name at {pointer}")]
    NoName { pointer: &'static str },
    #[error("is no PNG")]
    NotAPng,
    /// A part of a PNG; `at` counts bytes from the file's start.
    #[error("chunk {kind:?} at byte {at} {why}")]
    Chunk {
        kind: String,
        at: usize,
        why: ChunkFault,
    },
    #[error("the picture ends before its end chunk, at byte {at}")]
    CutShort { at: usize },
    #[error("the picture has no text chunk named chara or ccv3")]
    NoCardInPicture,
    #[error("the archive can't be read: {why}")]
    Archive { why: String },
    #[error("entry {path:?} would leave its folder")]
    Escapes { path: String },
    #[error("entry {path:?} can't be read: {why}")]
    Entry { path: String, why: String },
    #[error("the archive has no card.json at its root")]
    NoCardInArchive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChunkFault {
    #[error("has no name of four letters")]
    Nameless,
    #[error("is longer than the file")]
    CutShort,
    #[error("has a wrong checksum")]
    Checksum,
    #[error("must be the header, of 13 bytes and at least one pixel")]
    NotTheHeader,
    #[error("is no text chunk as the standard has it")]
    NotText,
    #[error("can't be inflated")]
    NotInflatable,
    #[error("is no base64")]
    NotBase64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CardNotWritten {
    #[error("the picture can't carry a card: {0}")]
    Picture(CardRefused),
    #[error("the picture has no image data")]
    NoImageData,
    #[error("the picture must be a PNG, JPEG or WebP of at most {LARGEST_ICON} bytes")]
    NotAnIcon,
    #[error(transparent)]
    OverLimit(#[from] Limit),
}
