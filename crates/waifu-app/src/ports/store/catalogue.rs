//! The catalogue: gifts, dates and events, one entry each.

use async_trait::async_trait;
use waifu_domain::catalogue::{DatePlan, Gift};
use waifu_domain::events::EventDefinition;
use waifu_domain::ids::EntryId;
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;

use super::{Edited, Editor, StoreError, Taken};

#[async_trait]
pub trait CatalogueEntries: Send {
    /// All of them, ordered by kind and key.
    async fn all(&mut self) -> Result<Vec<CatalogueEntry>, StoreError>;

    /// `Err(Taken)` when another of its kind has the key; nothing is written then.
    async fn insert(&mut self, entry: &CatalogueEntry) -> Result<Result<(), Taken>, StoreError>;

    /// Changes an entry if it is still at `edit.expected_version`.
    async fn edit(&mut self, edit: CatalogueEdit) -> Result<Edited, StoreError>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueEntry {
    pub id: EntryId,
    /// Unique among its kind.
    pub key: Slug,
    pub definition: Definition,
    /// Counts its edits from 1.
    pub version: u32,
    /// The version that a seed wrote last; a newer one is a person's work, which no seed touches.
    pub seeded_version: Option<u32>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Since when it is offered no more.
    pub retired_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Definition {
    Gift(Gift),
    Date(DatePlan),
    Event(EventDefinition),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    Gift,
    Date,
    Event,
}

impl CatalogueEntry {
    /// Whether a seed wrote this version; another one is a person's work.
    pub fn is_seeded(&self) -> bool {
        self.seeded_version == Some(self.version)
    }
}

impl Definition {
    pub fn kind(&self) -> EntryKind {
        match self {
            Self::Gift(_) => EntryKind::Gift,
            Self::Date(_) => EntryKind::Date,
            Self::Event(_) => EntryKind::Event,
        }
    }
}

#[derive(Debug, Clone)]
pub struct CatalogueEdit {
    pub id: EntryId,
    pub expected_version: u32,
    pub editor: Editor,
    /// Of the same kind.
    pub definition: Definition,
    pub retired_at: Option<Timestamp>,
    pub at: Timestamp,
}
