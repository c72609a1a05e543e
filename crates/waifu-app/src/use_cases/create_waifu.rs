//! A companion of one's own.

use std::sync::Arc;

use waifu_domain::waifu::{DocumentRefused, Owner, Visibility, Waifu, WaifuProfile};

use crate::caller::Caller;
use crate::ports::clock::Clock;
use crate::ports::ids::IdSource;
use crate::ports::store::{Store, StoreError, finish};

#[derive(Debug, Clone)]
pub struct CreateWaifu {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
}

#[derive(Debug, Clone)]
pub struct WaifuDraft {
    pub profile: WaifuProfile,
    pub visibility: Visibility,
}

#[derive(Debug, thiserror::Error)]
pub enum CreateWaifuError {
    #[error(transparent)]
    Document(#[from] DocumentRefused),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CreateWaifu {
    pub async fn execute(
        &self,
        caller: Caller,
        draft: WaifuDraft,
    ) -> Result<Waifu, CreateWaifuError> {
        draft.profile.check_documents()?;
        let now = self.clock.now();
        let waifu = Waifu {
            id: self.ids.fresh(),
            key: None,
            seeded_version: None,
            owner: Owner::User(caller.user_id),
            visibility: draft.visibility,
            profile: draft.profile,
            version: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        };
        let mut work = self.store.begin().await?;
        let outcome = work.waifus().insert(&waifu).await;
        finish(work, outcome)
            .await?
            .expect("only a key can be taken, and she has none");
        Ok(waifu)
    }
}
