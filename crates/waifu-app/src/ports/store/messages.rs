//! What was said.

use async_trait::async_trait;
use waifu_domain::ids::{ClientMessageId, ConversationId, MessageId, RelationshipId, TurnId};
use waifu_domain::turn::{EndReason, Message, RunStatus, Speaker, TurnKind, Usage};

use super::{LedgerRow, StoreError};
use crate::ports::turn_store::TurnRef;

#[async_trait]
pub trait Messages: Send {
    /// Newest first, those before `before`, at most `limit`.
    async fn history(
        &mut self,
        relationship: RelationshipId,
        before: Option<MessagePlace>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError>;

    /// Those of turns that were taken back too.
    async fn by_id(&mut self, id: MessageId) -> Result<Option<Message>, StoreError>;

    /// How a turn of this relationship's owner stands; `None`: no such turn.
    async fn outcome(&mut self, turn: TurnId) -> Result<Option<TurnOutcome>, StoreError>;

    /// The turn that a message was accepted as.
    async fn turn_of(
        &mut self,
        relationship: RelationshipId,
        message: ClientMessageId,
    ) -> Result<Option<TurnId>, StoreError>;

    /// The one conversation that each relationship has.
    async fn default_conversation(
        &mut self,
        relationship: RelationshipId,
    ) -> Result<Option<ConversationId>, StoreError>;
}

/// Where a page of a history ended: within a turn the user speaks first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessagePlace {
    pub turn_no: u32,
    pub speaker: Speaker,
}

/// A turn's newest run and all that it left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnOutcome {
    pub turn: TurnRef,
    pub relationship_id: RelationshipId,
    pub kind: TurnKind,
    pub status: RunStatus,
    pub reason: Option<EndReason>,
    pub usage: Option<Usage>,
    /// What the user said.
    pub message: Option<Message>,
    pub reply: Option<Message>,
    /// The ledger rows that the turn wrote, in their order: a due decay, then the chat row.
    pub interactions: Vec<LedgerRow>,
}
