//! Receipts: what a request wrote, under the key with which it was asked for, so that asking again changes nothing.

use async_trait::async_trait;
use waifu_domain::ids::{RelationshipId, TurnId, UserId, WaifuId};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::RunNo;

use super::{StoreError, Taken};

#[async_trait]
pub trait Receipts: Send {
    /// One that has not expired at `now`.
    async fn find(
        &mut self,
        key: &ReceiptKey,
        now: Timestamp,
    ) -> Result<Option<Receipt>, StoreError>;

    /// In the place of one that has expired; others of the same user that have expired at `receipt.at` go.
    /// `Err(Taken)` when there is a living one; nothing is written then.
    async fn insert(
        &mut self,
        key: &ReceiptKey,
        receipt: Receipt,
    ) -> Result<Result<(), Taken>, StoreError>;

    /// Forgets at most `limit` of those that expired before then, whoever's, and says how many.
    async fn forget_expired(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptKey {
    pub user_id: UserId,
    /// What was asked for: a method and a path, or the occurrence that a choice was taken in.
    pub scope: String,
    /// The client's own; empty when the scope says it all.
    pub key: String,
}

/// It refers to what was written, and holds none of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// SHA-256 of what was asked for.
    pub request: [u8; 32],
    pub of: Written,
    pub at: Timestamp,
    /// `None`: never.
    pub expires_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Act(WrittenAct),
    /// Another answer to a turn.
    Run {
        relationship_id: RelationshipId,
        turn_id: TurnId,
        run: RunNo,
    },
    Waifu(WaifuId),
}

/// What an act on a relationship wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenAct {
    pub relationship_id: RelationshipId,
    /// The ledger rows after this number …
    pub after_no: u32,
    /// … up to and with this one.
    pub last_no: u32,
    /// Her answer.
    pub turn_id: Option<TurnId>,
}
