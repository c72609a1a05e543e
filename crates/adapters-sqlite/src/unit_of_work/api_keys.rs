//! Keys of programs.

use async_trait::async_trait;
use waifu_app::ports::store::{ApiKey, ApiKeys, Standing, StoreError};
use waifu_domain::ids::{ApiKeyId, UserId};

use super::Repository;
use crate::rows::api_keys;

#[async_trait]
impl ApiKeys for Repository<'_> {
    async fn insert(&mut self, key: &ApiKey) -> Result<(), StoreError> {
        let key = key.clone();
        self.0.run(move |c| api_keys::insert(c, &key)).await
    }

    async fn page(
        &mut self,
        user: UserId,
        before: Option<ApiKeyId>,
        limit: u32,
    ) -> Result<Vec<ApiKey>, StoreError> {
        self.0
            .run(move |c| api_keys::page(c, user, before, limit))
            .await
    }

    async fn delete(&mut self, user: UserId, id: ApiKeyId) -> Result<bool, StoreError> {
        self.0.run(move |c| api_keys::delete(c, user, id)).await
    }

    async fn find(&mut self, id: ApiKeyId) -> Result<Option<(ApiKey, Standing)>, StoreError> {
        self.0.run(move |c| api_keys::find(c, id)).await
    }

    async fn standings(
        &mut self,
        keys: &[ApiKeyId],
    ) -> Result<Vec<(ApiKeyId, Standing)>, StoreError> {
        let ids = keys.to_vec();
        self.0.run(move |c| api_keys::standings(c, &ids)).await
    }
}
