//! Gifts, dates and events, as operators write them.

pub mod dates;
pub mod events;
pub mod gifts;

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use waifu_app::ports::store::{CatalogueEntry, Definition, EntryKind};
use waifu_app::use_cases::Put;
use waifu_app::use_cases::page::Page;
use waifu_domain::slug::{NotASlug, Slug};
use waifu_domain::timestamp::Timestamp;

use crate::app::App;
use crate::problem::{FieldError, Problem};
use crate::rest::preconditions::{IfMatch, tag};
use crate::rest::query::Paging;
use crate::rest::views::PageView;

/// The key that a path names.
#[derive(Debug, Clone)]
pub struct KeyPath(Slug);

impl FromRequest for KeyPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let key = request.match_info().query("key").parse();
        ready(key.map(Self).map_err(|error: NotASlug| {
            Problem::invalid(vec![FieldError::parameter("key", error.to_string())])
        }))
    }
}

/// An entry of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryView {
    id: Uuid,
    /// Unique among its kind.
    key: String,
    /// As in the files of `config/seed`.
    #[schema(value_type = Object)]
    pub definition: Value,
    version: u32,
    /// A seed wrote this version, and may replace it.
    is_seeded: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Since when it is offered no more.
    #[schema(value_type = Option<String>, format = DateTime)]
    retired_at: Option<Timestamp>,
}

impl From<CatalogueEntry> for EntryView {
    fn from(entry: CatalogueEntry) -> Self {
        Self {
            id: entry.id.into(),
            is_seeded: entry.is_seeded(),
            definition: document(&entry.definition),
            key: entry.key.into(),
            version: entry.version,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
            retired_at: entry.retired_at,
        }
    }
}

pub fn document(definition: &Definition) -> Value {
    let document = match definition {
        Definition::Gift(gift) => serde_json::to_value(gift),
        Definition::Date(date) => serde_json::to_value(date),
        Definition::Event(event) => serde_json::to_value(event),
    };
    document.expect("documents have string keys")
}

async fn list(app: &App, kind: EntryKind, paging: Paging<Slug>) -> Result<HttpResponse, Problem> {
    let entries = &app.edit_catalogue;
    let page: Page<_, _> = entries.list(kind, paging.start, paging.limit).await?;
    Ok(HttpResponse::Ok().json(PageView::new(page, EntryView::from)))
}

async fn put(
    app: &App,
    key: KeyPath,
    if_match: &IfMatch,
    definition: Definition,
) -> Result<HttpResponse, Problem> {
    let expected = if_match.version()?;
    let put = app.edit_catalogue.put(key.0, definition, expected).await?;
    let (mut response, entry) = match put {
        Put::New(entry) => (HttpResponse::Created(), entry),
        Put::Changed(entry) => (HttpResponse::Ok(), entry),
    };
    tag(&mut response, entry.version);
    Ok(response.json(EntryView::from(entry)))
}

async fn retire(
    app: &App,
    kind: EntryKind,
    key: &KeyPath,
    if_match: &IfMatch,
) -> Result<HttpResponse, Problem> {
    let expected = if_match.version()?;
    app.edit_catalogue.retire(kind, &key.0, expected).await?;
    Ok(HttpResponse::NoContent().finish())
}
