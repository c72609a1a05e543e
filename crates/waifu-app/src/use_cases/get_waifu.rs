//! One companion.

use std::sync::Arc;

use waifu_domain::ids::WaifuId;
use waifu_domain::waifu::{Owner, Waifu};

use super::access::{NotOwned, Unseen, owned_waifu, present_waifu};
use crate::caller::Caller;
use crate::ports::store::{Store, finish};

#[derive(Debug, Clone)]
pub struct GetWaifu {
    pub store: Arc<dyn Store>,
}

impl GetWaifu {
    pub async fn execute(&self, caller: Caller, id: WaifuId) -> Result<Waifu, Unseen> {
        let mut work = self.store.snapshot().await?;
        let outcome = present_waifu(&mut *work, caller.user_id, id).await;
        finish(work, outcome).await
    }

    /// For who may write to her.
    pub async fn to_edit(&self, owner: Owner, id: WaifuId) -> Result<Waifu, NotOwned> {
        let mut work = self.store.snapshot().await?;
        let outcome = owned_waifu(&mut *work, owner, id).await;
        finish(work, outcome).await
    }
}
