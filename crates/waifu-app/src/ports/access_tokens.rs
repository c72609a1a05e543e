//! Access tokens: short-lived, signed, and checked without asking a store.

use time::Duration;
use waifu_domain::timestamp::Timestamp;

use crate::caller::SessionHolder;

pub trait AccessTokens: std::fmt::Debug + Send + Sync {
    /// A token for `holder` that is good for [`AccessTokens::lifetime`] from `now`.
    fn issue(&self, holder: SessionHolder, now: Timestamp) -> String;

    fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedToken, TokenRefused>;

    fn lifetime(&self) -> Duration;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedToken {
    pub holder: SessionHolder,
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    #[error("the access token has expired")]
    Expired,
    #[error("the access token is not one of this server's")]
    Invalid,
}
