//! Companions.

use async_trait::async_trait;
use waifu_app::ports::store::{Edited, StoreError, Taken, WaifuEdit, WaifuPlace, Waifus};
use waifu_domain::ids::{UserId, WaifuId};
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::waifu::Waifu;

use super::Repository;
use crate::rows::waifus;

#[async_trait]
impl Waifus for Repository<'_> {
    async fn insert(&mut self, waifu: &Waifu) -> Result<Result<(), Taken>, StoreError> {
        let waifu = waifu.clone();
        self.0.run(move |c| waifus::insert(c, &waifu)).await
    }

    async fn by_id(&mut self, id: WaifuId) -> Result<Option<Waifu>, StoreError> {
        self.0.run(move |c| waifus::by_id(c, id)).await
    }

    async fn deleted(&mut self, ids: &[WaifuId]) -> Result<Vec<WaifuId>, StoreError> {
        let ids = ids.to_vec();
        self.0.run(move |c| waifus::deleted(c, &ids)).await
    }

    async fn by_key(&mut self, key: &Slug) -> Result<Option<Waifu>, StoreError> {
        let key = key.clone();
        self.0.run(move |c| waifus::by_key(c, &key)).await
    }

    async fn visible_to(
        &mut self,
        viewer: UserId,
        after: Option<WaifuPlace>,
        limit: u32,
    ) -> Result<Vec<Waifu>, StoreError> {
        self.0
            .run(move |c| waifus::visible_to(c, viewer, after, limit))
            .await
    }

    async fn of_house(
        &mut self,
        after: Option<WaifuPlace>,
        limit: u32,
    ) -> Result<Vec<Waifu>, StoreError> {
        self.0.run(move |c| waifus::of_house(c, after, limit)).await
    }

    async fn edit(&mut self, edit: WaifuEdit) -> Result<Edited, StoreError> {
        self.0.run(move |c| waifus::edit(c, &edit)).await
    }

    async fn delete(&mut self, id: WaifuId, at: Timestamp) -> Result<(), StoreError> {
        self.0.run(move |c| waifus::delete(c, id, at)).await
    }

    async fn is_empty(&mut self) -> Result<bool, StoreError> {
        self.0.run(waifus::is_empty).await
    }
}
