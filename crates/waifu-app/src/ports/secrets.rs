//! Secrets that the server gives out.

use sha2::{Digest, Sha256};

/// Makes refresh tokens.
pub trait SecretSource: std::fmt::Debug + Send + Sync {
    fn new_refresh_token(&self) -> RefreshToken;
}

/// Opaque to clients; 256 random bits in a printable form. Stores keep its hash alone.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken(String);

impl RefreshToken {
    pub fn new(token: String) -> Self {
        Self(token)
    }

    /// To be given to the client, and to nobody else.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

/// SHA-256 of a token: enough to recognise it, useless to present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);
