//! `GET /admin/events`, `PUT` and `DELETE /admin/events/{key}`

use actix_web::{HttpResponse, delete, get, put, web};
use waifu_app::ports::store::{Definition, EntryKind};
use waifu_domain::events::EventDefinition;
use waifu_domain::slug::Slug;

use super::{EntryView, KeyPath};
use crate::app::App;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::body::Body;
use crate::rest::preconditions::IfMatch;
use crate::rest::query::{PageQuery, Paging};
use crate::rest::views::PageView;

/// The events as they are defined, retired ones too
#[utoipa::path(
    operation_id = "list_event_definitions",
    tag = "operators",
    security(("access_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "a page, by key", body = PageView<EntryView>),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/events")]
pub async fn list(app: web::Data<App>, paging: Paging<Slug>) -> Result<HttpResponse, Problem> {
    super::list(&app, EntryKind::Event, paging).await
}

/// Define an event
///
/// New, in the place of what has the key, or back from retirement. From then on no seed touches it.
#[utoipa::path(
    operation_id = "put_event",
    tag = "operators",
    security(("access_token" = [])),
    params(
        ("key" = String, Path, description = "1 to 64 of `a-z`, `0-9`, `_` and `-`", min_length = 1, max_length = 64, pattern = "^[a-z0-9_-]+$"),
        ("If-Match" = Option<String>, Header, description = "only if it is in this version, such as `\"3\"`"),
    ),
    request_body(
        content = Object,
        description = "as in the files of `config/seed/events`",
        example = json!({
            "title": "First snow",
            "scene": "It snows for the first time this year, and she has seen it first.",
            "trigger": {"on": "day", "month": 12, "day": 1},
            "repeat": "yearly",
            "lifetime_days": 3,
            "choices": [{"key": "walk", "label": "Go out with her", "effect": 4, "line": "They walk."}]
        })
    ),
    responses(
        (status = 200, description = "changed", body = EntryView),
        (status = 201, description = "new", body = EntryView),
        (status = 412, description = "`precondition_failed`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[put("/events/{key}")]
pub async fn put(
    app: web::Data<App>,
    key: KeyPath,
    if_match: IfMatch,
    body: Body<EventDefinition>,
) -> Result<HttpResponse, Problem> {
    super::put(&app, key, &if_match, Definition::Event(body.0)).await
}

/// Retire an event
///
/// It comes up no more; where it waits for a choice it still does. What was done stays, and no seed brings it back.
#[utoipa::path(
    operation_id = "retire_event",
    tag = "operators",
    security(("access_token" = [])),
    params(
        ("key" = String, Path),
        ("If-Match" = Option<String>, Header, description = "only if it is in this version, such as `\"3\"`"),
    ),
    responses(
        (status = 204, description = "it comes up no more"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 412, description = "`precondition_failed`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[delete("/events/{key}")]
pub async fn retire(
    app: web::Data<App>,
    key: KeyPath,
    if_match: IfMatch,
) -> Result<HttpResponse, Problem> {
    super::retire(&app, EntryKind::Event, &key, &if_match).await
}
