//! The house's companions, brought from files into the store. Twice is the same as once.

use std::sync::Arc;

use waifu_domain::slug::Slug;
use waifu_domain::waifu::{DocumentRefused, Owner, Visibility, Waifu, WaifuProfile};

use crate::ports::clock::Clock;
use crate::ports::ids::IdSource;
use crate::ports::store::{Store, StoreError, UnitOfWork, finish};

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
    Unchanged,
    /// What is stored differs from the file, and is kept: somebody edited one of them.
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
        if let Some(stored) = work.waifus().by_key(&seed.key).await? {
            let same = stored.profile == seed.profile;
            return Ok(if same {
                SeedReport::Unchanged
            } else {
                SeedReport::Kept
            });
        }
        let now = self.clock.now();
        let waifu = Waifu {
            id: self.ids.fresh(),
            key: Some(seed.key),
            owner: Owner::House,
            visibility: Visibility::Public,
            profile: seed.profile,
            version: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        };
        work.waifus().insert(&waifu).await?;
        Ok(SeedReport::Added)
    }
}
