//! Gifts, dates and events, brought from files into the store: all of them in one commit, or none. Twice is the same
//! as once.

use std::collections::HashMap;
use std::sync::Arc;

use waifu_domain::affection::{RuleBook, RuleBookError};
use waifu_domain::slug::Slug;

use super::seed_waifus::SeedReport;
use crate::catalogues::StoredCatalogue;
use crate::ports::clock::Clock;
use crate::ports::ids::IdSource;
use crate::ports::store::{
    CatalogueEdit, CatalogueEntry, Definition, Edited, Editor, EntryKind, Store, StoreError, Taken,
    UnitOfWork, finish,
};

#[derive(Debug, Clone)]
pub struct SeedCatalogue {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub rule_book: Arc<RuleBook>,
}

#[derive(Debug, Clone)]
pub struct SeedEntry {
    pub key: Slug,
    pub definition: Definition,
}

#[derive(Debug, thiserror::Error)]
pub enum SeedCatalogueError {
    /// The catalogue as it would be does not fit the rule book.
    #[error("the rule book and the catalogue do not fit: {0}")]
    RuleBook(#[from] RuleBookError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

type Place = (EntryKind, Slug);

impl SeedCatalogue {
    /// Whether there is no entry at all yet.
    pub async fn is_wanted(&self) -> Result<bool, StoreError> {
        let mut work = self.store.snapshot().await?;
        let entries = work.catalogue().all().await;
        Ok(finish(work, entries).await?.is_empty())
    }

    /// What became of each entry, in their order.
    pub async fn execute(
        &self,
        seeds: Vec<SeedEntry>,
    ) -> Result<Vec<SeedReport>, SeedCatalogueError> {
        let mut work = self.store.begin().await?;
        let outcome = self.plant(&mut *work, seeds).await;
        finish(work, outcome).await
    }

    /// Whether the rule book fits what is stored.
    pub async fn check(&self) -> Result<(), SeedCatalogueError> {
        let mut work = self.store.snapshot().await?;
        let entries = work.catalogue().all().await;
        self.fits(finish(work, entries).await?)
    }

    async fn plant(
        &self,
        work: &mut dyn UnitOfWork,
        seeds: Vec<SeedEntry>,
    ) -> Result<Vec<SeedReport>, SeedCatalogueError> {
        let stored = work.catalogue().all().await?;
        let mut stored: HashMap<Place, CatalogueEntry> = stored
            .into_iter()
            .map(|entry| ((entry.definition.kind(), entry.key.clone()), entry))
            .collect();
        let mut reports = Vec::with_capacity(seeds.len());
        for SeedEntry { key, definition } in seeds {
            let place = (definition.kind(), key.clone());
            let report = if let Some(entry) = stored.get_mut(&place) {
                self.renew(work, entry, definition).await?
            } else {
                let entry = self.entry(key, definition);
                let inserted = work.catalogue().insert(&entry).await?;
                stored.insert(place, entry);
                match inserted {
                    Ok(()) => SeedReport::Added,
                    // Another server on the same store, starting at this instant, was quicker.
                    Err(Taken) => SeedReport::Unchanged,
                }
            };
            reports.push(report);
        }
        self.fits(stored.into_values().collect())?;
        Ok(reports)
    }

    async fn renew(
        &self,
        work: &mut dyn UnitOfWork,
        entry: &mut CatalogueEntry,
        definition: Definition,
    ) -> Result<SeedReport, StoreError> {
        if entry.definition == definition {
            return Ok(SeedReport::Unchanged);
        }
        if !entry.is_seeded() {
            return Ok(SeedReport::Kept);
        }
        let edit = CatalogueEdit {
            id: entry.id,
            expected_version: entry.version,
            editor: Editor::Seed,
            definition: definition.clone(),
            retired_at: entry.retired_at,
            at: self.clock.now(),
        };
        match work.catalogue().edit(edit).await? {
            Edited::Done => {
                entry.definition = definition;
                Ok(SeedReport::Updated)
            }
            Edited::Stale => Ok(SeedReport::Kept),
        }
    }

    fn entry(&self, key: Slug, definition: Definition) -> CatalogueEntry {
        let now = self.clock.now();
        CatalogueEntry {
            id: self.ids.fresh(),
            key,
            definition,
            version: 1,
            seeded_version: Some(1),
            created_at: now,
            updated_at: now,
            retired_at: None,
        }
    }

    fn fits(&self, entries: Vec<CatalogueEntry>) -> Result<(), SeedCatalogueError> {
        let stored = StoredCatalogue::of(entries);
        Ok(self.rule_book.check_against(&stored.catalogue)?)
    }
}
