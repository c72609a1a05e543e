//! A companion: who she is, how she looks, and the numbers that move her rules.

mod appearance;
mod personality;
mod stats;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use appearance::Appearance;
pub use personality::{MonthDay, NotAMonthDay, NotAWeight, Personality, SpeechStyle, Weight};
pub use stats::{NotAPercent, Percent, Stats};

use crate::ids::{UserId, WaifuId};
use crate::slug::Slug;
use crate::timestamp::Timestamp;
use crate::user::DisplayName;

/// The largest of her documents, as JSON: 64 KiB.
pub const LARGEST_DOCUMENT_BYTES: usize = 64 * 1024;

#[derive(Debug, Clone, PartialEq)]
pub struct Waifu {
    pub id: WaifuId,
    /// The house's companions alone have one; seeds find them again by it.
    pub key: Option<Slug>,
    /// The version that a seed wrote last; a newer one is a person's work, which no seed touches.
    pub seeded_version: Option<u32>,
    pub owner: Owner,
    pub visibility: Visibility,
    pub profile: WaifuProfile,
    /// Counts her edits from 1; each version is kept, and a turn names the one it was played with.
    pub version: u32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
}

/// What of her an edit can change, and each version keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaifuProfile {
    pub name: DisplayName,
    pub personality: Personality,
    pub appearance: Appearance,
    pub stats: Stats,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    House,
    User(UserId),
}

impl Owner {
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::House => None,
            Self::User(id) => Some(id),
        }
    }
}

impl From<Option<UserId>> for Owner {
    fn from(user: Option<UserId>) -> Self {
        user.map_or(Self::House, Self::User)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    Public,
    Private,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct DocumentRefused {
    /// `personality`, `appearance` or `stats`.
    pub document: &'static str,
    pub why: DocumentFault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DocumentFault {
    #[error("must be at most {LARGEST_DOCUMENT_BYTES} bytes of JSON, is {0}")]
    TooLarge(usize),
    #[error("must not contain the character U+0000")]
    HasNul,
}

impl Waifu {
    /// Whether a person has edited her since a seed brought her.
    pub fn is_edited_since_seeding(&self) -> bool {
        self.seeded_version != Some(self.version)
    }

    pub fn is_owned_by(&self, user: UserId) -> bool {
        self.owner == Owner::User(user)
    }

    /// Whether somebody with no history with her may see her.
    pub fn is_visible_to(&self, user: UserId) -> bool {
        self.visibility == Visibility::Public || self.is_owned_by(user)
    }
}

impl WaifuProfile {
    /// Documents are read and sent as wholes, so each is bounded as a whole; and PostgreSQL stores no NUL.
    pub fn check_documents(&self) -> Result<(), DocumentRefused> {
        check_document("personality", &self.personality)?;
        check_document("appearance", &self.appearance)?;
        check_document("stats", &self.stats)
    }
}

fn check_document(document: &'static str, value: &impl Serialize) -> Result<(), DocumentRefused> {
    let value = serde_json::to_value(value).expect("documents have string keys");
    let bytes = value.to_string().len();
    if bytes > LARGEST_DOCUMENT_BYTES {
        return Err(DocumentRefused {
            document,
            why: DocumentFault::TooLarge(bytes),
        });
    }
    if has_nul(&value) {
        return Err(DocumentRefused {
            document,
            why: DocumentFault::HasNul,
        });
    }
    Ok(())
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields
            .iter()
            .any(|(key, value)| key.contains('\0') || has_nul(value)),
    }
}
