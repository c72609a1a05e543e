//! Passwords, hashed slowly and off the async threads.

use async_trait::async_trait;

use super::secrets::SecretSource;

#[async_trait]
pub trait Passwords: std::fmt::Debug + Send + Sync {
    async fn hash(&self, password: Password) -> Result<PasswordHash, PasswordsUnavailable>;

    /// With `None` (no such user) the same work is done against a hash that nothing matches, so that an answer's
    /// time does not tell who exists.
    async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<bool, PasswordsUnavailable>;
}

/// 8 to 256 characters, in clear; never logged.
#[derive(Clone)]
pub struct Password(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 8 to 256 characters")]
pub struct NotAPassword;

impl Password {
    /// That nobody can guess.
    pub fn fresh(secrets: &dyn SecretSource) -> Self {
        Self(secrets.new_secret())
    }

    /// To be told to its user, once, and to nobody else.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl TryFrom<String> for Password {
    type Error = NotAPassword;

    fn try_from(text: String) -> Result<Self, NotAPassword> {
        if (8..=256).contains(&text.chars().count()) {
            Ok(Self(text))
        } else {
            Err(NotAPassword)
        }
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// In the PHC string format.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[derive(Debug, thiserror::Error)]
pub enum PasswordsUnavailable {
    /// As many wait for a hash as may.
    #[error("too many passwords are being worked on")]
    Busy,
    #[error("failed to work on a password")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}
