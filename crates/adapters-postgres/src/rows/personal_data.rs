//! All that is held about one user.

use async_trait::async_trait;
use waifu_app::ports::store::{
    PersonalData, Receipt, ReceiptKey, Session, StoreError, TurnRecord, WaifuVersion,
};
use waifu_domain::ids::{RelationshipId, SessionId, UserId, WaifuId};
use waifu_domain::relationship::Relationship;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::waifu::Waifu;

use super::{erasing, receipts, relationships, sessions, turn_records, waifus};
use crate::unit_of_work::Repository;

#[async_trait]
impl PersonalData for Repository<'_> {
    async fn sessions(
        &mut self,
        user: UserId,
        after: Option<SessionId>,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError> {
        Ok(sessions::of_user(self.0, user, after, limit).await?)
    }

    async fn companions(
        &mut self,
        owner: UserId,
        after: Option<WaifuId>,
        limit: u32,
    ) -> Result<Vec<Waifu>, StoreError> {
        Ok(waifus::owned_by(self.0, owner, after, limit).await?)
    }

    async fn versions(
        &mut self,
        companion: WaifuId,
        after: u32,
        limit: u32,
    ) -> Result<Vec<WaifuVersion>, StoreError> {
        Ok(waifus::versions(self.0, companion, after, limit).await?)
    }

    async fn relationships(
        &mut self,
        user: UserId,
        after: Option<RelationshipId>,
        limit: u32,
    ) -> Result<Vec<Relationship>, StoreError> {
        Ok(relationships::of_user(self.0, user, after, limit).await?)
    }

    async fn turns(
        &mut self,
        relationship: RelationshipId,
        after_turn_no: u32,
        limit: u32,
    ) -> Result<Vec<TurnRecord>, StoreError> {
        Ok(turn_records::of(self.0, relationship, after_turn_no, limit).await?)
    }

    async fn receipts(
        &mut self,
        user: UserId,
        after: Option<ReceiptKey>,
        limit: u32,
    ) -> Result<Vec<(ReceiptKey, Receipt)>, StoreError> {
        Ok(receipts::of_user(self.0, user, after, limit).await?)
    }

    async fn erase(&mut self, user: UserId, at: Timestamp) -> Result<bool, StoreError> {
        Ok(erasing::erase(self.0, user, at).await?)
    }
}
