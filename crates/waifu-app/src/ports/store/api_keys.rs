//! Keys with which programs call in a user's name.

use async_trait::async_trait;
use waifu_domain::ids::{ApiKeyId, UserId};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::user::DisplayName;

use super::{Standing, StoreError};
use crate::caller::Scopes;
use crate::ports::secrets::TokenHash;

#[async_trait]
pub trait ApiKeys: Send {
    async fn insert(&mut self, key: &ApiKey) -> Result<(), StoreError>;

    /// The newest first: those whose id is less than `before`.
    async fn page(
        &mut self,
        user: UserId,
        before: Option<ApiKeyId>,
        limit: u32,
    ) -> Result<Vec<ApiKey>, StoreError>;

    /// Whether the user had it.
    async fn delete(&mut self, user: UserId, id: ApiKeyId) -> Result<bool, StoreError>;

    /// The key and how it stands; it never is [`Standing::Revoked`].
    async fn find(&mut self, id: ApiKeyId) -> Result<Option<(ApiKey, Standing)>, StoreError>;

    /// How these keys stand; one that is not stored is left out.
    async fn standings(
        &mut self,
        keys: &[ApiKeyId],
    ) -> Result<Vec<(ApiKeyId, Standing)>, StoreError>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub user_id: UserId,
    /// What its owner knows it by.
    pub name: DisplayName,
    pub secret: TokenHash,
    pub scopes: Scopes,
    pub created_at: Timestamp,
}
