//! One companion.

use std::sync::Arc;

use waifu_domain::ids::WaifuId;
use waifu_domain::waifu::Waifu;

use super::access::{Unseen, present_waifu};
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
}
