//! An edit of one's own companion, made against the version that the editor saw.

use std::sync::Arc;

use waifu_domain::ids::WaifuId;
use waifu_domain::waifu::{DocumentRefused, Visibility, Waifu, WaifuProfile};

use super::access::{Unseen, present_waifu};
use crate::caller::Caller;
use crate::ports::clock::Clock;
use crate::ports::store::{Edited, Editor, Store, StoreError, UnitOfWork, WaifuEdit, finish};

#[derive(Debug, Clone)]
pub struct UpdateWaifu {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, Clone)]
pub struct WaifuChange {
    pub id: WaifuId,
    pub expected_version: u32,
    pub profile: WaifuProfile,
    pub visibility: Visibility,
}

#[derive(Debug, thiserror::Error)]
pub enum UpdateWaifuError {
    #[error(transparent)]
    Unseen(#[from] Unseen),
    #[error("the companion is another user's")]
    NotOwner,
    #[error("the companion has been edited since")]
    Stale,
    #[error(transparent)]
    Document(#[from] DocumentRefused),
}

impl From<StoreError> for UpdateWaifuError {
    fn from(error: StoreError) -> Self {
        Self::Unseen(error.into())
    }
}

impl UpdateWaifu {
    pub async fn execute(
        &self,
        caller: Caller,
        change: WaifuChange,
    ) -> Result<Waifu, UpdateWaifuError> {
        change.profile.check_documents()?;
        let mut work = self.store.begin().await?;
        let outcome = self.edit(&mut *work, caller, change).await;
        finish(work, outcome).await
    }

    async fn edit(
        &self,
        work: &mut dyn UnitOfWork,
        caller: Caller,
        change: WaifuChange,
    ) -> Result<Waifu, UpdateWaifuError> {
        let waifu = present_waifu(work, caller.user_id, change.id).await?;
        if !waifu.is_owned_by(caller.user_id) {
            return Err(UpdateWaifuError::NotOwner);
        }
        if waifu.version != change.expected_version {
            return Err(UpdateWaifuError::Stale);
        }
        let at = self.clock.now();
        let edit = WaifuEdit {
            id: change.id,
            expected_version: change.expected_version,
            editor: Editor::Person,
            profile: change.profile.clone(),
            visibility: change.visibility,
            at,
        };
        match work.waifus().edit(edit).await? {
            Edited::Stale => Err(UpdateWaifuError::Stale),
            Edited::Done => Ok(Waifu {
                profile: change.profile,
                visibility: change.visibility,
                version: waifu.version + 1,
                updated_at: at,
                ..waifu
            }),
        }
    }
}
