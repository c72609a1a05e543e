//! Gifts, dates and events, as operators write them.

use juniper::{GraphQLEnum, GraphQLInputObject, GraphQLObject, ID};
use waifu_app::caller::Scope;
use waifu_app::ports::store::{CatalogueEntry, Definition, EntryKind};
use waifu_app::use_cases::Put;
use waifu_domain::slug::{NotASlug, Slug};

use super::operator;
use crate::graphql::Context;
use crate::graphql::connection::{Connection, paging};
use crate::graphql::mutation::{UserError, invalid};
use crate::graphql::objects::signed;
use crate::graphql::scalars::Json;
use crate::problem::Problem;
use crate::rest::admin::catalogue::document;
use crate::rest::body::parse_value;

/// What an entry of the catalogue defines.
#[derive(Debug, Clone, Copy, GraphQLEnum)]
#[graphql(name = "EntryKind")]
pub enum EntryKindEnum {
    Gift,
    Date,
    Event,
}

#[derive(Debug, GraphQLInputObject)]
pub struct PutCatalogueEntryInput {
    kind: EntryKindEnum,
    /// 1 to 64 of `a-z`, `0-9`, `_` and `-`.
    key: String,
    /// As in the files of `config/seed`.
    definition: Json,
    /// Only if it is in this version.
    expected_version: Option<i32>,
}

#[derive(Debug, GraphQLInputObject)]
pub struct RetireCatalogueEntryInput {
    kind: EntryKindEnum,
    key: String,
    /// Only if it is in this version.
    expected_version: Option<i32>,
}

/// A gift, a date or an event, as it is defined.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "CatalogueEntry", context = Context)]
pub struct EntryObject {
    id: ID,
    kind: EntryKindEnum,
    /// Unique among its kind.
    key: String,
    /// As in the files of `config/seed`.
    definition: Json,
    version: i32,
    /// A seed wrote this version, and may replace it.
    is_seeded: bool,
    created_at: String,
    updated_at: String,
    /// Since when it is offered no more.
    retired_at: Option<String>,
}

/// The entry as it is now, or what was wrong.
#[derive(Debug, Default, GraphQLObject)]
#[graphql(context = Context)]
pub struct CatalogueEntryPayload {
    entry: Option<EntryObject>,
    errors: Vec<UserError>,
}

pub async fn page(
    context: &Context,
    kind: EntryKindEnum,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<Connection<EntryObject>, Problem> {
    let (limit, start) = paging::<Slug>(first, after)?;
    operator(context, Scope::Read).await?;
    let entries = &context.app.edit_catalogue;
    let page = entries.list(kind.into(), start, limit).await?;
    let place = |entry: &CatalogueEntry| entry.key.clone();
    Ok(Connection::new(page, place, Into::into))
}

pub async fn put(context: &Context, input: PutCatalogueEntryInput) -> CatalogueEntryPayload {
    match try_to_put(context, input).await {
        Ok(Put::New(entry) | Put::Changed(entry)) => CatalogueEntryPayload {
            entry: Some(entry.into()),
            errors: Vec::new(),
        },
        Err(problem) => CatalogueEntryPayload {
            entry: None,
            errors: vec![problem.into()],
        },
    }
}

async fn try_to_put(context: &Context, input: PutCatalogueEntryInput) -> Result<Put, Problem> {
    operator(context, Scope::Write).await?;
    let definition = input.definition.0;
    let definition = match input.kind {
        EntryKindEnum::Gift => Definition::Gift(parse_value(definition)?),
        EntryKindEnum::Date => Definition::Date(parse_value(definition)?),
        EntryKindEnum::Event => Definition::Event(parse_value(definition)?),
    };
    let expected = version(input.expected_version)?;
    let entries = &context.app.edit_catalogue;
    Ok(entries.put(key(&input.key)?, definition, expected).await?)
}

pub async fn retire(context: &Context, input: RetireCatalogueEntryInput) -> Result<(), Problem> {
    operator(context, Scope::Write).await?;
    let expected = version(input.expected_version)?;
    let (kind, key) = (input.kind.into(), key(&input.key)?);
    let entries = &context.app.edit_catalogue;
    Ok(entries.retire(kind, &key, expected).await?)
}

fn key(text: &str) -> Result<Slug, Problem> {
    text.parse()
        .map_err(|error: NotASlug| invalid("key", error.to_string()))
}

fn version(number: Option<i32>) -> Result<Option<u32>, Problem> {
    let version = number.map(u32::try_from).transpose();
    version.map_err(|_| invalid("expectedVersion", "must be 1 or more".to_owned()))
}

impl From<CatalogueEntry> for EntryObject {
    fn from(entry: CatalogueEntry) -> Self {
        Self {
            id: ID::new(entry.id.to_string()),
            kind: entry.definition.kind().into(),
            is_seeded: entry.is_seeded(),
            definition: Json(document(&entry.definition)),
            key: entry.key.into(),
            version: signed(entry.version),
            created_at: entry.created_at.to_string(),
            updated_at: entry.updated_at.to_string(),
            retired_at: entry.retired_at.map(|at| at.to_string()),
        }
    }
}

impl From<EntryKindEnum> for EntryKind {
    fn from(kind: EntryKindEnum) -> Self {
        match kind {
            EntryKindEnum::Gift => Self::Gift,
            EntryKindEnum::Date => Self::Date,
            EntryKindEnum::Event => Self::Event,
        }
    }
}

impl From<EntryKind> for EntryKindEnum {
    fn from(kind: EntryKind) -> Self {
        match kind {
            EntryKind::Gift => Self::Gift,
            EntryKind::Date => Self::Date,
            EntryKind::Event => Self::Event,
        }
    }
}
