//! Keys with which the programs of whoever asks call in his name.

use juniper::{GraphQLEnum, GraphQLInputObject, GraphQLObject, ID};
use waifu_app::caller::{Scope, Scopes};
use waifu_app::ports::rate_limits::RequestClass;
use waifu_app::ports::store::ApiKey;
use waifu_domain::ids::ApiKeyId;
use waifu_domain::user::{DisplayName, NotADisplayName};

use super::Context;
use super::connection::{Connection, paging};
use super::mutation::{UserError, invalid, uuid};
use crate::problem::{Code, Problem};

#[derive(Debug, GraphQLInputObject)]
pub struct CreateApiKeyInput {
    /// What you will know it by: 1 to 80 characters on one line.
    name: String,
    /// At least one.
    scopes: Vec<ScopeEnum>,
}

#[derive(Debug, GraphQLInputObject)]
pub struct RevokeApiKeyInput {
    id: ID,
}

/// What a key may be used for.
#[derive(Debug, Clone, Copy, GraphQLEnum)]
#[graphql(name = "Scope")]
pub enum ScopeEnum {
    /// Whatever changes nothing.
    Read,
    /// Acts on a relationship: messages, gifts, dates, choices.
    Chat,
    /// Companions of your own and, for operators, administration.
    Write,
}

#[derive(Debug, GraphQLObject)]
#[graphql(name = "ApiKey", context = Context)]
pub struct ApiKeyObject {
    id: ID,
    name: String,
    scopes: Vec<ScopeEnum>,
    created_at: String,
}

/// The key and what shows it, or what was wrong.
// No `Debug`: it holds a secret in clear.
#[derive(Default, GraphQLObject)]
#[graphql(context = Context)]
pub struct CreateApiKeyPayload {
    key: Option<ApiKeyObject>,
    /// It is not stored and never shown again.
    secret: Option<String>,
    errors: Vec<UserError>,
}

pub async fn list(
    context: &Context,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<Connection<ApiKeyObject>, Problem> {
    let (limit, start) = paging::<ApiKeyId>(first, after)?;
    let keys = &context.app.manage_api_keys;
    let page = keys
        .list(context.session(RequestClass::Read).await?, start, limit)
        .await?;
    Ok(Connection::new(page, |key: &ApiKey| key.id, Into::into))
}

pub async fn create(context: &Context, input: CreateApiKeyInput) -> CreateApiKeyPayload {
    match try_to_create(context, input).await {
        Ok(payload) => payload,
        Err(problem) => CreateApiKeyPayload {
            errors: vec![problem.into()],
            ..CreateApiKeyPayload::default()
        },
    }
}

async fn try_to_create(
    context: &Context,
    input: CreateApiKeyInput,
) -> Result<CreateApiKeyPayload, Problem> {
    let session = context.session(RequestClass::Write).await?;
    let name = DisplayName::try_from(input.name)
        .map_err(|error: NotADisplayName| invalid("name", error.to_string()))?;
    let scopes: Scopes = input.scopes.into_iter().map(Scope::from).collect();
    if scopes.is_empty() {
        return Err(invalid("scopes", "must name at least one".to_owned()));
    }
    let keys = &context.app.manage_api_keys;
    let (key, token) = keys.create(session, name, scopes).await?;
    Ok(CreateApiKeyPayload {
        key: Some(key.into()),
        secret: Some(token.reveal().to_owned()),
        errors: Vec::new(),
    })
}

pub async fn revoke(context: &Context, input: RevokeApiKeyInput) -> Result<(), Problem> {
    let session = context.session(RequestClass::Write).await?;
    let id = uuid(&input.id, "id")?.into();
    if context.app.manage_api_keys.revoke(session, id).await? {
        Ok(())
    } else {
        Err(Problem::new(Code::NotFound, "there is no such API key"))
    }
}

impl From<ApiKey> for ApiKeyObject {
    fn from(key: ApiKey) -> Self {
        Self {
            id: ID::new(key.id.to_string()),
            name: key.name.into(),
            scopes: key.scopes.iter().map(Into::into).collect(),
            created_at: key.created_at.to_string(),
        }
    }
}

impl From<ScopeEnum> for Scope {
    fn from(scope: ScopeEnum) -> Self {
        match scope {
            ScopeEnum::Read => Self::Read,
            ScopeEnum::Chat => Self::Chat,
            ScopeEnum::Write => Self::Write,
        }
    }
}

impl From<Scope> for ScopeEnum {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Read => Self::Read,
            Scope::Chat => Self::Chat,
            Scope::Write => Self::Write,
        }
    }
}
