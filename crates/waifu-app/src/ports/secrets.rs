//! Secrets that the server gives out.

use sha2::{Digest, Sha256};

/// Makes secrets.
pub trait SecretSource: std::fmt::Debug + Send + Sync {
    /// 256 random bits, as `A-Z`, `a-z`, `0-9`, `-` and `_`.
    fn new_secret(&self) -> String;
}

/// Opaque to clients: the secret of its family, a dot, and its own. Stores keep hashes alone. Whoever shows the family's
/// secret has held one of its tokens.
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

    /// The first of a family.
    pub fn first(secrets: &dyn SecretSource) -> Self {
        Self(format!("{}.{}", secrets.new_secret(), secrets.new_secret()))
    }

    /// The next of its family; a token that is older than families founds one.
    #[must_use]
    pub fn next(&self, secrets: &dyn SecretSource) -> Self {
        match self.family_secret() {
            Some(family) => Self(format!("{family}.{}", secrets.new_secret())),
            None => Self::first(secrets),
        }
    }

    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }

    pub fn family(&self) -> Option<TokenHash> {
        self.family_secret().map(TokenHash::of)
    }

    fn family_secret(&self) -> Option<&str> {
        let (family, _) = self.0.split_once('.')?;
        Some(family)
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

impl TokenHash {
    fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }
}
