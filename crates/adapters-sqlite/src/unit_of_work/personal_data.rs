//! All that is held about one user.

use async_trait::async_trait;
use waifu_app::ports::store::{
    PersonalData, Receipt, ReceiptKey, Session, StoreError, TurnRecord, WaifuVersion,
};
use waifu_domain::ids::{RelationshipId, SessionId, UserId, WaifuId};
use waifu_domain::relationship::Relationship;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::waifu::Waifu;

use super::Repository;
use crate::rows::{
    erasing, receipts, relationships, sessions, turn_records, waifu_versions, waifus,
};

#[async_trait]
impl PersonalData for Repository<'_> {
    async fn sessions(
        &mut self,
        user: UserId,
        after: Option<SessionId>,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError> {
        self.0
            .run(move |c| sessions::of_user(c, user, after, limit))
            .await
    }

    async fn companions(
        &mut self,
        owner: UserId,
        after: Option<WaifuId>,
        limit: u32,
    ) -> Result<Vec<Waifu>, StoreError> {
        self.0
            .run(move |c| waifus::owned_by(c, owner, after, limit))
            .await
    }

    async fn versions(
        &mut self,
        companion: WaifuId,
        after: u32,
        limit: u32,
    ) -> Result<Vec<WaifuVersion>, StoreError> {
        self.0
            .run(move |c| waifu_versions::of(c, companion, after, limit))
            .await
    }

    async fn relationships(
        &mut self,
        user: UserId,
        after: Option<RelationshipId>,
        limit: u32,
    ) -> Result<Vec<Relationship>, StoreError> {
        self.0
            .run(move |c| relationships::of_user(c, user, after, limit))
            .await
    }

    async fn turns(
        &mut self,
        relationship: RelationshipId,
        after_turn_no: u32,
        limit: u32,
    ) -> Result<Vec<TurnRecord>, StoreError> {
        self.0
            .run(move |c| turn_records::of(c, relationship, after_turn_no, limit))
            .await
    }

    async fn receipts(
        &mut self,
        user: UserId,
        after: Option<ReceiptKey>,
        limit: u32,
    ) -> Result<Vec<(ReceiptKey, Receipt)>, StoreError> {
        self.0
            .run(move |c| receipts::of_user(c, user, after, limit))
            .await
    }

    async fn erase(&mut self, user: UserId, at: Timestamp) -> Result<bool, StoreError> {
        self.0.run(move |c| erasing::erase(c, user, at)).await
    }
}
