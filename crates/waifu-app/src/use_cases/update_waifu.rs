//! An edit of a companion by her owner, made against the version that he saw.

use std::sync::Arc;

use waifu_domain::ids::WaifuId;
use waifu_domain::waifu::{DocumentRefused, Owner, Visibility, Waifu, WaifuProfile};

use super::access::{NotOwned, owned_waifu};
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
    NotOwned(#[from] NotOwned),
    #[error("the companion has been edited since")]
    Stale,
    #[error(transparent)]
    Document(#[from] DocumentRefused),
}

impl From<StoreError> for UpdateWaifuError {
    fn from(error: StoreError) -> Self {
        Self::NotOwned(error.into())
    }
}

impl UpdateWaifu {
    /// Whether the caller may write for the house is the door's to check.
    pub async fn execute(
        &self,
        owner: Owner,
        change: WaifuChange,
    ) -> Result<Waifu, UpdateWaifuError> {
        change.profile.check_documents()?;
        let mut work = self.store.begin().await?;
        let outcome = self.edit(&mut *work, owner, change).await;
        finish(work, outcome).await
    }

    async fn edit(
        &self,
        work: &mut dyn UnitOfWork,
        owner: Owner,
        change: WaifuChange,
    ) -> Result<Waifu, UpdateWaifuError> {
        let waifu = owned_waifu(work, owner, change.id).await?;
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
