//! Sign-ins and their refresh tokens.

use async_trait::async_trait;
use waifu_domain::ids::{SessionId, UserId};
use waifu_domain::timestamp::Timestamp;

use super::StoreError;
use crate::ports::secrets::TokenHash;

#[async_trait]
pub trait Sessions: Send {
    async fn insert(&mut self, session: Session) -> Result<(), StoreError>;

    /// The session whose current or previous token this is, locked until the unit of work ends.
    async fn lock_by_token(
        &mut self,
        token: TokenHash,
    ) -> Result<Option<(Session, TokenMatch)>, StoreError>;

    /// Writes back what may change: tokens, `rotated_at`, `expires_at`, `revoked_at`.
    async fn update(&mut self, session: &Session) -> Result<(), StoreError>;
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenMatch {
    Current,
    Previous,
}
