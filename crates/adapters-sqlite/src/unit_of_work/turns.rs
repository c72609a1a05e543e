//! Turns that answer what a user did, and turns that are taken back.

use async_trait::async_trait;
use waifu_app::ports::store::{NewReaction, StoreError, Turns, VoidedTurns};
use waifu_app::ports::turn_store::TurnRef;
use waifu_domain::ids::{RelationshipId, TurnId};
use waifu_domain::timestamp::Timestamp;

use super::Repository;
use crate::rows::turns;
use crate::turns::react;

#[async_trait]
impl Turns for Repository<'_> {
    async fn streaming(
        &mut self,
        relationship: RelationshipId,
    ) -> Result<Option<TurnRef>, StoreError> {
        self.0.run(move |c| react::streaming(c, relationship)).await
    }

    async fn start(&mut self, reaction: NewReaction) -> Result<TurnRef, StoreError> {
        self.0.run(move |c| react::start(c, &reaction)).await
    }

    async fn number(
        &mut self,
        relationship: RelationshipId,
        turn: TurnId,
    ) -> Result<Option<u32>, StoreError> {
        self.0
            .run(move |c| turns::number(c, relationship, turn))
            .await
    }

    async fn void_chats(
        &mut self,
        relationship: RelationshipId,
        from_turn_no: u32,
        at: Timestamp,
    ) -> Result<VoidedTurns, StoreError> {
        self.0
            .run(move |c| turns::void_chats(c, relationship, from_turn_no, at))
            .await
    }
}
