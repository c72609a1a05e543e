//! Keys with which a user's programs call in his name.

use std::sync::Arc;

use waifu_domain::ids::{ApiKeyId, UserId};
use waifu_domain::user::DisplayName;

use super::page::{Page, PageLimit};
use crate::caller::{Scopes, SessionHolder};
use crate::identity::Identity;
use crate::ports::clock::Clock;
use crate::ports::ids::IdSource;
use crate::ports::secrets::{ApiKeyToken, SecretSource};
use crate::ports::store::{ApiKey, Store, StoreError, UnitOfWork, finish};

/// That a user can have.
pub const MOST_KEYS: u32 = 20;

#[derive(Debug, Clone)]
pub struct ManageApiKeys {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub secrets: Arc<dyn SecretSource>,
    pub identity: Identity,
}

#[derive(Debug, thiserror::Error)]
pub enum CreateApiKeyError {
    #[error("there are {MOST_KEYS} keys already")]
    TooMany,
    /// The account is gone.
    #[error("no such account")]
    NoAccount,
    #[error(transparent)]
    Store(#[from] StoreError),
}

type Keys = Page<ApiKey, ApiKeyId>;

impl ManageApiKeys {
    /// The key, and what shows it: it is told here and never again.
    pub async fn create(
        &self,
        holder: SessionHolder,
        name: DisplayName,
        scopes: Scopes,
    ) -> Result<(ApiKey, ApiKeyToken), CreateApiKeyError> {
        let id = self.ids.fresh();
        let token = ApiKeyToken::fresh(id, &*self.secrets);
        let key = ApiKey {
            id,
            user_id: holder.user_id,
            name,
            secret: token.hash(),
            scopes,
            created_at: self.clock.now(),
        };
        let mut work = self.store.begin().await?;
        let kept = keep(&mut *work, &key).await;
        finish(work, kept).await?;
        Ok((key, token))
    }

    /// The newest first.
    pub async fn list(
        &self,
        holder: SessionHolder,
        before: Option<ApiKeyId>,
        limit: PageLimit,
    ) -> Result<Keys, StoreError> {
        let mut work = self.store.snapshot().await?;
        let keys = work
            .api_keys()
            .page(holder.user_id, before, Keys::to_ask(limit))
            .await;
        let keys = finish(work, keys).await?;
        Ok(Page::cut(keys, limit, |key| key.id))
    }

    /// Whether there was such a key. Where it is in use, it lets nobody in from now on.
    pub async fn revoke(&self, holder: SessionHolder, id: ApiKeyId) -> Result<bool, StoreError> {
        let _changing = self.identity.changing();
        let mut work = self.store.begin().await?;
        let deleted = work.api_keys().delete(holder.user_id, id).await;
        finish(work, deleted).await
    }
}

/// Under the user's lock, so that two at once are counted one after the other.
async fn keep(work: &mut dyn UnitOfWork, key: &ApiKey) -> Result<(), CreateApiKeyError> {
    let user: UserId = key.user_id;
    let owner = work.users().lock(user).await?;
    owner.ok_or(CreateApiKeyError::NoAccount)?;
    let have = work.api_keys().page(user, None, MOST_KEYS).await?;
    if have.len() >= MOST_KEYS as usize {
        return Err(CreateApiKeyError::TooMany);
    }
    Ok(work.api_keys().insert(key).await?)
}
