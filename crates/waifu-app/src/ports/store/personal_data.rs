//! All that is held about one user: read out in pages, and erased.

use async_trait::async_trait;
use waifu_domain::affection::Appraisal;
use waifu_domain::ids::{
    ClientMessageId, MessageId, RelationshipId, SessionId, TurnId, UserId, WaifuId,
};
use waifu_domain::relationship::{Cause, Relationship};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{Emotion, EndReason, RunNo, RunStatus, TurnKind, Usage};
use waifu_domain::waifu::{Waifu, WaifuProfile};

use super::{Receipt, ReceiptKey, Session, StoreError};

/// Every page holds at most `limit`, in the order of what it is asked after.
#[async_trait]
pub trait PersonalData: Send {
    async fn sessions(
        &mut self,
        user: UserId,
        after: Option<SessionId>,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError>;

    /// His own, deleted ones too.
    async fn companions(
        &mut self,
        owner: UserId,
        after: Option<WaifuId>,
        limit: u32,
    ) -> Result<Vec<Waifu>, StoreError>;

    async fn versions(
        &mut self,
        companion: WaifuId,
        after: u32,
        limit: u32,
    ) -> Result<Vec<WaifuVersion>, StoreError>;

    async fn relationships(
        &mut self,
        user: UserId,
        after: Option<RelationshipId>,
        limit: u32,
    ) -> Result<Vec<Relationship>, StoreError>;

    /// Those that were taken back too.
    async fn turns(
        &mut self,
        relationship: RelationshipId,
        after_turn_no: u32,
        limit: u32,
    ) -> Result<Vec<TurnRecord>, StoreError>;

    async fn receipts(
        &mut self,
        user: UserId,
        after: Option<ReceiptKey>,
        limit: u32,
    ) -> Result<Vec<(ReceiptKey, Receipt)>, StoreError>;

    /// Deletes him and all that is his. Of his companions the public ones whom others know pass to the house; of the
    /// other ones whom others know an empty, deleted shell is left, on which their histories stand. Where he has acted as
    /// an operator, that an operator did stays. Returns whether there was such a user.
    async fn erase(&mut self, user: UserId, at: Timestamp) -> Result<bool, StoreError>;
}

/// A companion as she was in one of her versions.
#[derive(Debug, Clone, PartialEq)]
pub struct WaifuVersion {
    pub version: u32,
    pub profile: WaifuProfile,
    pub created_at: Timestamp,
}

/// A turn with everything that was said in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnRecord {
    pub turn_id: TurnId,
    pub turn_no: u32,
    pub kind: TurnKind,
    pub client_message_id: Option<ClientMessageId>,
    pub appraisal: Option<Appraisal>,
    /// What it answers, when that is not a message.
    pub cause: Option<Cause>,
    pub waifu_version: u32,
    pub created_at: Timestamp,
    /// When it was taken back.
    pub voided_at: Option<Timestamp>,
    /// What the user said.
    pub message: Option<SaidRecord>,
    /// In their order.
    pub runs: Vec<RunRecord>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    pub run: RunNo,
    pub status: RunStatus,
    pub reason: Option<EndReason>,
    pub usage: Option<Usage>,
    /// It is her answer now.
    pub is_chosen: bool,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// While it streams.
    pub words_so_far: String,
    pub reply: Option<SaidRecord>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidRecord {
    pub id: MessageId,
    pub text: String,
    pub emotion: Option<Emotion>,
    pub at: Timestamp,
}
