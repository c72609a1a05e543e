//! Receipts of acts.

use async_trait::async_trait;
use waifu_app::ports::store::{Receipt, ReceiptKey, Receipts, StoreError, Taken};
use waifu_domain::timestamp::Timestamp;

use super::Repository;
use crate::rows::receipts;

#[async_trait]
impl Receipts for Repository<'_> {
    async fn find(
        &mut self,
        key: &ReceiptKey,
        now: Timestamp,
    ) -> Result<Option<Receipt>, StoreError> {
        let key = key.clone();
        self.0.run(move |c| receipts::find(c, &key, now)).await
    }

    async fn insert(
        &mut self,
        key: &ReceiptKey,
        receipt: Receipt,
    ) -> Result<Result<(), Taken>, StoreError> {
        let key = key.clone();
        self.0
            .run(move |c| receipts::insert(c, &key, &receipt))
            .await
    }

    async fn forget_expired(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.0
            .run(move |c| receipts::forget_expired(c, before, limit))
            .await
    }
}
