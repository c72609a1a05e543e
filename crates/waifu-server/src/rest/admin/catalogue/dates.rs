//! `GET /admin/dates`, `PUT` and `DELETE /admin/dates/{key}`

use actix_web::{HttpResponse, delete, get, put, web};
use waifu_app::ports::store::{Definition, EntryKind};
use waifu_domain::catalogue::DatePlan;
use waifu_domain::slug::Slug;

use super::{EntryView, KeyPath};
use crate::app::App;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::body::Body;
use crate::rest::preconditions::IfMatch;
use crate::rest::query::{PageQuery, Paging};
use crate::rest::views::PageView;

/// The dates as they are defined, retired ones too
#[utoipa::path(
    operation_id = "list_date_definitions",
    tag = "operators",
    security(("access_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "a page, by key", body = PageView<EntryView>),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/dates")]
pub async fn list(app: web::Data<App>, paging: Paging<Slug>) -> Result<HttpResponse, Problem> {
    super::list(&app, EntryKind::Date, paging).await
}

/// Define a date
///
/// New, in the place of what has the key, or back from retirement. From then on no seed touches it.
#[utoipa::path(
    operation_id = "put_date",
    tag = "operators",
    security(("access_token" = [])),
    params(
        ("key" = String, Path, description = "1 to 64 of `a-z`, `0-9`, `_` and `-`", min_length = 1, max_length = 64, pattern = "^[a-z0-9_-]+$"),
        ("If-Match" = Option<String>, Header, description = "only if it is in this version, such as `\"3\"`"),
    ),
    request_body(
        content = Object,
        description = "as in the files of `config/seed/dates`",
        example = json!({
            "name": "The aquarium",
            "description": "An hour among the jellyfish.",
            "tags": ["sea"],
            "base": 6,
            "least_level": 1,
            "cooldown_hours": 20
        })
    ),
    responses(
        (status = 200, description = "changed", body = EntryView),
        (status = 201, description = "new", body = EntryView),
        (status = 412, description = "`precondition_failed`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[put("/dates/{key}")]
pub async fn put(
    app: web::Data<App>,
    key: KeyPath,
    if_match: IfMatch,
    body: Body<DatePlan>,
) -> Result<HttpResponse, Problem> {
    super::put(&app, key, &if_match, Definition::Date(body.0)).await
}

/// Retire a date
///
/// It is offered no more. What was done stays, and no seed brings it back.
#[utoipa::path(
    operation_id = "retire_date",
    tag = "operators",
    security(("access_token" = [])),
    params(
        ("key" = String, Path),
        ("If-Match" = Option<String>, Header, description = "only if it is in this version, such as `\"3\"`"),
    ),
    responses(
        (status = 204, description = "it is offered no more"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 412, description = "`precondition_failed`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[delete("/dates/{key}")]
pub async fn retire(
    app: web::Data<App>,
    key: KeyPath,
    if_match: IfMatch,
) -> Result<HttpResponse, Problem> {
    super::retire(&app, EntryKind::Date, &key, &if_match).await
}
