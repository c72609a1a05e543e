//! Operators' edits of gifts, dates and events. What an operator wrote no seed touches.

use std::sync::Arc;

use waifu_domain::affection::{RuleBook, RuleBookError};
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;

use super::page::{Page, PageLimit};
use crate::catalogues::{Catalogues, StoredCatalogue};
use crate::ports::clock::Clock;
use crate::ports::ids::IdSource;
use crate::ports::store::{
    CatalogueEdit, CatalogueEntry, Definition, Edited, Editor, EntryKind, Store, StoreError, Taken,
    UnitOfWork, finish,
};

#[derive(Debug, Clone)]
pub struct EditCatalogue {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub rule_book: Arc<RuleBook>,
    pub catalogues: Arc<Catalogues>,
}

/// An entry as it is stored now.
#[derive(Debug, Clone)]
pub enum Put {
    New(CatalogueEntry),
    Changed(CatalogueEntry),
}

#[derive(Debug, thiserror::Error)]
pub enum EditCatalogueError {
    #[error("there is no such entry")]
    NotThere,
    #[error("the entry has another version by now")]
    Stale,
    /// The catalogue as it would be does not fit the rule book.
    #[error("the rule book and the catalogue would not fit: {0}")]
    RuleBook(#[from] RuleBookError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an edit leaves of an entry.
struct Edit {
    definition: Definition,
    retired_at: Option<Timestamp>,
}

impl EditCatalogue {
    /// By key, retired ones too.
    pub async fn list(
        &self,
        kind: EntryKind,
        after: Option<Slug>,
        limit: PageLimit,
    ) -> Result<Page<CatalogueEntry, Slug>, StoreError> {
        let mut work = self.store.snapshot().await?;
        let entries = work.catalogue().all().await;
        let entries = finish(work, entries).await?.into_iter();
        let is_later = |key: &Slug| after.as_ref().is_none_or(|after| key > after);
        let entries = entries
            .filter(|entry| entry.definition.kind() == kind && is_later(&entry.key))
            .take(Page::<CatalogueEntry, Slug>::to_ask(limit) as usize)
            .collect();
        Ok(Page::cut(entries, limit, |entry| entry.key.clone()))
    }

    /// Makes an entry, changes it, or brings it back. `expected_version`: only if it is there, in this version.
    pub async fn put(
        &self,
        key: Slug,
        definition: Definition,
        expected_version: Option<u32>,
    ) -> Result<Put, EditCatalogueError> {
        let mut work = self.store.begin().await?;
        let put = self.write(&mut *work, key, definition, expected_version);
        let put = put.await;
        let put = finish(work, put).await?;
        self.show().await;
        Ok(put)
    }

    /// It is offered no more: what was given and done with it stays, and no seed brings it back.
    pub async fn retire(
        &self,
        kind: EntryKind,
        key: &Slug,
        expected_version: Option<u32>,
    ) -> Result<(), EditCatalogueError> {
        let mut work = self.store.begin().await?;
        let retired = self.remove(&mut *work, kind, key, expected_version).await;
        finish(work, retired).await?;
        self.show().await;
        Ok(())
    }

    async fn write(
        &self,
        work: &mut dyn UnitOfWork,
        key: Slug,
        definition: Definition,
        expected_version: Option<u32>,
    ) -> Result<Put, EditCatalogueError> {
        let mut entries = work.catalogue().all().await?;
        let found = place_of(&entries, definition.kind(), &key);
        let put = if let Some(place) = found {
            let edit = Edit {
                definition,
                retired_at: None,
            };
            let entry = &mut entries[place];
            self.edit(work, entry, edit, expected_version).await?;
            Put::Changed(entry.clone())
        } else {
            if expected_version.is_some() {
                return Err(EditCatalogueError::Stale);
            }
            let entry = self.insert(work, key, definition).await?;
            entries.push(entry.clone());
            Put::New(entry)
        };
        self.fits(entries)?;
        Ok(put)
    }

    async fn remove(
        &self,
        work: &mut dyn UnitOfWork,
        kind: EntryKind,
        key: &Slug,
        expected_version: Option<u32>,
    ) -> Result<(), EditCatalogueError> {
        let mut entries = work.catalogue().all().await?;
        let found = place_of(&entries, kind, key);
        let entry = &mut entries[found.ok_or(EditCatalogueError::NotThere)?];
        if entry.retired_at.is_some() {
            return Err(EditCatalogueError::NotThere);
        }
        let edit = Edit {
            definition: entry.definition.clone(),
            retired_at: Some(self.clock.now()),
        };
        self.edit(work, entry, edit, expected_version).await?;
        self.fits(entries)
    }

    async fn edit(
        &self,
        work: &mut dyn UnitOfWork,
        entry: &mut CatalogueEntry,
        edit: Edit,
        expected_version: Option<u32>,
    ) -> Result<(), EditCatalogueError> {
        if expected_version.is_some_and(|expected| expected != entry.version) {
            return Err(EditCatalogueError::Stale);
        }
        let at = self.clock.now();
        let Edit {
            definition,
            retired_at,
        } = edit;
        let change = CatalogueEdit {
            id: entry.id,
            expected_version: entry.version,
            editor: Editor::Person,
            definition: definition.clone(),
            retired_at,
            at,
        };
        match work.catalogue().edit(change).await? {
            Edited::Stale => Err(EditCatalogueError::Stale),
            Edited::Done => {
                entry.definition = definition;
                entry.retired_at = retired_at;
                entry.version += 1;
                entry.updated_at = at;
                Ok(())
            }
        }
    }

    async fn insert(
        &self,
        work: &mut dyn UnitOfWork,
        key: Slug,
        definition: Definition,
    ) -> Result<CatalogueEntry, EditCatalogueError> {
        let now = self.clock.now();
        let entry = CatalogueEntry {
            id: self.ids.fresh(),
            key,
            definition,
            version: 1,
            seeded_version: None,
            created_at: now,
            updated_at: now,
            retired_at: None,
        };
        match work.catalogue().insert(&entry).await? {
            Ok(()) => Ok(entry),
            // Somebody else made it at this instant.
            Err(Taken) => Err(EditCatalogueError::Stale),
        }
    }

    fn fits(&self, entries: Vec<CatalogueEntry>) -> Result<(), EditCatalogueError> {
        let stored = StoredCatalogue::of(entries);
        Ok(self.rule_book.check_against(&stored.catalogue)?)
    }

    /// Here at once, and on other servers within seconds. Should the store be away by now, here as well.
    async fn show(&self) {
        let _ = self.catalogues.read_again().await;
    }
}

fn place_of(entries: &[CatalogueEntry], kind: EntryKind, key: &Slug) -> Option<usize> {
    entries
        .iter()
        .position(|entry| entry.definition.kind() == kind && entry.key == *key)
}
