//! `GET /me/api-keys`

use actix_web::{HttpResponse, get, web};
use waifu_domain::ids::ApiKeyId;

use super::ApiKeyView;
use crate::app::App;
use crate::auth::bearer::SignedInHere;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::query::{PageQuery, Paging};
use crate::rest::views::PageView;

/// Your API keys, newest first
#[utoipa::path(
    operation_id = "list_api_keys",
    tag = "me",
    security(("access_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "a page", body = PageView<ApiKeyView>),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/api-keys")]
pub async fn list(
    app: web::Data<App>,
    caller: SignedInHere,
    paging: Paging<ApiKeyId>,
) -> Result<HttpResponse, Problem> {
    let keys = &app.manage_api_keys;
    let page = keys.list(caller.0, paging.start, paging.limit).await?;
    Ok(HttpResponse::Ok().json(PageView::new(page, ApiKeyView::from)))
}
