//! Secrets that the server gives out.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;
use waifu_domain::ids::ApiKeyId;

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

/// What a program shows: `wk_`, the id of the key as 32 hexadecimal digits, `_`, and its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeyToken(String);

impl ApiKeyToken {
    const PREFIX: &str = "wk_";

    pub fn fresh(id: ApiKeyId, secrets: &dyn SecretSource) -> Self {
        let id = id.as_uuid().simple();
        Self(format!("{}{id}_{}", Self::PREFIX, secrets.new_secret()))
    }

    /// To be given to the client, once, and to nobody else.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }

    /// What is of this shape is taken for a key and for nothing else.
    pub fn looks_like_one(text: &str) -> bool {
        text.starts_with(Self::PREFIX)
    }

    /// Which key it says to be, and the hash by which that is told.
    pub fn read(text: &str) -> Option<(ApiKeyId, TokenHash)> {
        let (id, _) = text.strip_prefix(Self::PREFIX)?.split_once('_')?;
        let id = Uuid::try_parse(id).ok()?;
        Some((id.into(), TokenHash::of(text)))
    }
}

impl std::fmt::Debug for ApiKeyToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKeyToken(…)")
    }
}

/// SHA-256 of a token: enough to recognise it, useless to present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// How long it takes says nothing of where they differ.
    pub fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl TokenHash {
    fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }
}
