//! Keys with which your programs call in your name.

pub mod create;
pub mod list;
pub mod revoke;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use waifu_app::caller::Scope;
use waifu_app::ports::store::ApiKey;
use waifu_domain::timestamp::Timestamp;

/// A key, without what shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeyView {
    id: Uuid,
    name: String,
    scopes: Vec<ScopeName>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// What a key may be used for: `read` what changes nothing, `chat` acts on a relationship, `write` companions of your
/// own and, for operators, administration.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScopeName {
    Read,
    Chat,
    Write,
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::Read => Self::Read,
            ScopeName::Chat => Self::Chat,
            ScopeName::Write => Self::Write,
        }
    }
}

impl From<Scope> for ScopeName {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Read => Self::Read,
            Scope::Chat => Self::Chat,
            Scope::Write => Self::Write,
        }
    }
}

impl From<ApiKey> for ApiKeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id.into(),
            name: key.name.into(),
            scopes: key.scopes.iter().map(Into::into).collect(),
            created_at: key.created_at,
        }
    }
}
