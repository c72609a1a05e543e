//! Sign-ins and their refresh tokens.

use async_trait::async_trait;
use waifu_domain::ids::{SessionId, UserId};
use waifu_domain::timestamp::Timestamp;

use super::StoreError;
use crate::ports::secrets::TokenHash;

#[async_trait]
pub trait Sessions: Send {
    async fn insert(&mut self, session: Session) -> Result<(), StoreError>;

    /// The session that has this token now or had it before, or whose tokens are of this family; locked until the unit of
    /// work ends.
    async fn lock_by_token(
        &mut self,
        token: TokenHash,
        family: Option<TokenHash>,
    ) -> Result<Option<Session>, StoreError>;

    /// Writes back what may change: tokens and their family, `rotated_at`, `expires_at`, `revoked_at`.
    async fn update(&mut self, session: &Session) -> Result<(), StoreError>;

    /// Ends a user's sessions that have not ended yet. How many those were.
    async fn revoke(&mut self, whose: Whose, at: Timestamp) -> Result<u64, StoreError>;

    /// Forgets at most `limit` of those that expired before then, and says how many.
    async fn forget_expired(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// How these sessions stand; one that is not stored is left out.
    async fn standings(
        &mut self,
        sessions: &[SessionId],
    ) -> Result<Vec<(SessionId, Standing)>, StoreError>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub token: TokenHash,
    /// The token before the last rotation.
    pub previous_token: Option<TokenHash>,
    pub created_at: Timestamp,
    pub rotated_at: Timestamp,
    pub expires_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
    /// What all its tokens begin with; `None`: they are older than families.
    pub family: Option<TokenHash>,
}

/// Which sessions of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    All(UserId),
    AllBut(UserId, SessionId),
    One(UserId, SessionId),
}

/// Whether a credential lets its user in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Stands,
    Revoked,
    /// Its user is kept out.
    Suspended,
}

impl Standing {
    pub fn new(revoked_at: Option<Timestamp>, suspended_at: Option<Timestamp>) -> Self {
        match (revoked_at, suspended_at) {
            (Some(_), _) => Self::Revoked,
            (None, Some(_)) => Self::Suspended,
            (None, None) => Self::Stands,
        }
    }
}
