//! A companion is deleted by her owner, softly: what was said with her stays readable to those who said it.

use std::sync::Arc;

use waifu_domain::ids::WaifuId;
use waifu_domain::waifu::Owner;

use super::access::{NotOwned, owned_waifu};
use crate::ports::clock::Clock;
use crate::ports::store::{Store, UnitOfWork, finish};

#[derive(Debug, Clone)]
pub struct DeleteWaifu {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
}

impl DeleteWaifu {
    /// Whether the caller may write for the house is the door's to check.
    pub async fn execute(&self, owner: Owner, id: WaifuId) -> Result<(), NotOwned> {
        let mut work = self.store.begin().await?;
        let outcome = self.delete(&mut *work, owner, id).await;
        finish(work, outcome).await
    }

    async fn delete(
        &self,
        work: &mut dyn UnitOfWork,
        owner: Owner,
        id: WaifuId,
    ) -> Result<(), NotOwned> {
        owned_waifu(work, owner, id).await?;
        Ok(work.waifus().delete(id, self.clock.now()).await?)
    }
}
