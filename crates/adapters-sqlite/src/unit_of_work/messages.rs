//! What was said.

use async_trait::async_trait;
use waifu_app::ports::store::{MessagePlace, Messages, StoreError, TurnOutcome};
use waifu_domain::ids::{ClientMessageId, ConversationId, MessageId, RelationshipId, TurnId};
use waifu_domain::turn::Message;

use super::Repository;
use crate::rows::{conversations, messages, turns};
use crate::turns::outcome;

#[async_trait]
impl Messages for Repository<'_> {
    async fn history(
        &mut self,
        relationship: RelationshipId,
        before: Option<MessagePlace>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        self.0
            .run(move |c| messages::history_of_relationship(c, relationship, before, limit))
            .await
    }

    async fn by_id(&mut self, id: MessageId) -> Result<Option<Message>, StoreError> {
        self.0.run(move |c| messages::by_id(c, id)).await
    }

    async fn outcome(&mut self, turn: TurnId) -> Result<Option<TurnOutcome>, StoreError> {
        self.0.run(move |c| outcome::read(c, turn)).await
    }

    async fn turn_of(
        &mut self,
        relationship: RelationshipId,
        message: ClientMessageId,
    ) -> Result<Option<TurnId>, StoreError> {
        self.0
            .run(move |c| {
                let turn = turns::by_client_message(c, relationship, message)?;
                Ok(turn.map(|turn| turn.id()))
            })
            .await
    }

    async fn default_conversation(
        &mut self,
        relationship: RelationshipId,
    ) -> Result<Option<ConversationId>, StoreError> {
        self.0
            .run(move |c| conversations::default_of(c, relationship))
            .await
    }
}
