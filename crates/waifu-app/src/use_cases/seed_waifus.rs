//! The house's companions, brought from files into the store. Twice is the same as once.

use std::sync::Arc;

use waifu_domain::slug::Slug;
use waifu_domain::waifu::{DocumentRefused, Owner, Visibility, Waifu, WaifuProfile};

use crate::ports::clock::Clock;
use crate::ports::ids::IdSource;
use crate::ports::store::{
    Edited, Editor, Store, StoreError, Taken, UnitOfWork, WaifuEdit, finish,
};

#[derive(Debug, Clone)]
pub struct SeedWaifus {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
}

#[derive(Debug, Clone)]
pub struct SeedWaifu {
    pub key: Slug,
    pub profile: WaifuProfile,
}

/// What became of one companion's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeedReport {
    Added,
    /// The file has changed since it was last seeded, and nobody edited her meanwhile.
    Updated,
    Unchanged,
    /// Somebody has edited or deleted her since: what is stored stays.
    Kept,
}

#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    #[error("{0}")]
    Document(#[from] DocumentRefused),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SeedWaifus {
    /// Whether there is no companion at all yet.
    pub async fn is_wanted(&self) -> Result<bool, StoreError> {
        let mut work = self.store.snapshot().await?;
        let outcome = work.waifus().is_empty().await;
        finish(work, outcome).await
    }

    pub async fn execute(&self, seed: SeedWaifu) -> Result<SeedReport, SeedError> {
        seed.profile.check_documents()?;
        let mut work = self.store.begin().await?;
        let outcome = self.plant(&mut *work, seed).await;
        finish(work, outcome).await
    }

    async fn plant(
        &self,
        work: &mut dyn UnitOfWork,
        seed: SeedWaifu,
    ) -> Result<SeedReport, SeedError> {
        let stored = work.waifus().by_key(&seed.key).await?;
        if let Some(stored) = stored {
            return self.renew(work, stored, seed.profile).await;
        }
        let now = self.clock.now();
        let waifu = Waifu {
            id: self.ids.fresh(),
            key: Some(seed.key),
            seeded_version: Some(1),
            owner: Owner::House,
            visibility: Visibility::Public,
            profile: seed.profile,
            version: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        };
        Ok(match work.waifus().insert(&waifu).await? {
            Ok(()) => SeedReport::Added,
            // Another server on the same store, starting at this instant, was quicker.
            Err(Taken) => SeedReport::Unchanged,
        })
    }
    async fn renew(
        &self,
        work: &mut dyn UnitOfWork,
        stored: Waifu,
        profile: WaifuProfile,
    ) -> Result<SeedReport, SeedError> {
        if stored.profile == profile && stored.deleted_at.is_none() {
            return Ok(SeedReport::Unchanged);
        }
        if stored.is_edited_since_seeding() || stored.deleted_at.is_some() {
            return Ok(SeedReport::Kept);
        }
        let edit = WaifuEdit {
            id: stored.id,
            expected_version: stored.version,
            editor: Editor::Seed,
            profile,
            visibility: stored.visibility,
            at: self.clock.now(),
        };
        match work.waifus().edit(edit).await? {
            Edited::Done => Ok(SeedReport::Updated),
            Edited::Stale => Ok(SeedReport::Kept),
        }
    }
}
