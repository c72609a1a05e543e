//! A companion of one's own is deleted softly: what was said with her stays readable to those who said it.

use std::sync::Arc;

use waifu_domain::ids::WaifuId;

use super::access::present_waifu;
use super::update_waifu::UpdateWaifuError;
use crate::caller::Caller;
use crate::ports::clock::Clock;
use crate::ports::store::{Store, UnitOfWork, finish};

#[derive(Debug, Clone)]
pub struct DeleteWaifu {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
}

impl DeleteWaifu {
    pub async fn execute(&self, caller: Caller, id: WaifuId) -> Result<(), UpdateWaifuError> {
        let mut work = self.store.begin().await?;
        let outcome = self.delete(&mut *work, caller, id).await;
        finish(work, outcome).await
    }

    async fn delete(
        &self,
        work: &mut dyn UnitOfWork,
        caller: Caller,
        id: WaifuId,
    ) -> Result<(), UpdateWaifuError> {
        let waifu = present_waifu(work, caller.user_id, id).await?;
        if !waifu.is_owned_by(caller.user_id) {
            return Err(UpdateWaifuError::NotOwner);
        }
        work.waifus().delete(id, self.clock.now()).await?;
        Ok(())
    }
}
