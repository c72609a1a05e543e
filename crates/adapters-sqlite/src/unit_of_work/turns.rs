//! Turns that answer what a user did, that are answered again, and that are taken back.

use async_trait::async_trait;
use waifu_app::ports::store::{
    Candidate, LatestTurn, NewReaction, NewRun, NewSaid, StoreError, Turns, VoidedTurns,
};
use waifu_app::ports::turn_store::TurnRef;
use waifu_domain::ids::{RelationshipId, TurnId};
use waifu_domain::relationship::Cause;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::RunNo;

use super::Repository;
use crate::rows::{messages, turns};
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

    async fn start_again(&mut self, again: NewRun) -> Result<TurnRef, StoreError> {
        self.0.run(move |c| react::start_again(c, &again)).await
    }

    async fn say(&mut self, said: NewSaid) -> Result<TurnRef, StoreError> {
        self.0.run(move |c| react::say(c, &said)).await
    }

    async fn latest(
        &mut self,
        relationship: RelationshipId,
    ) -> Result<Option<LatestTurn>, StoreError> {
        self.0.run(move |c| react::latest(c, relationship)).await
    }

    async fn cause(&mut self, turn: TurnId) -> Result<Option<Cause>, StoreError> {
        self.0.run(move |c| turns::cause(c, turn)).await
    }

    async fn candidates(&mut self, turns: &[TurnId]) -> Result<Vec<Candidate>, StoreError> {
        let turns = turns.to_vec();
        self.0.run(move |c| messages::candidates(c, &turns)).await
    }

    async fn choose(&mut self, turn: TurnId, run: RunNo) -> Result<(), StoreError> {
        self.0.run(move |c| turns::choose_run(c, turn, run)).await
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
