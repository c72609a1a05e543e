//! `GET /waifus/{id}/gifts`

use actix_web::{HttpResponse, get, web};
use waifu_domain::slug::Slug;

use crate::app::App;
use crate::auth::bearer::MayRead;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::query::{PageQuery, Paging, WaifuPath};
use crate::rest::views::{GiftView, PageView};

/// The gifts, with what each would earn right now and why
///
/// What is shown is what giving it would do at this moment; nothing is written.
#[utoipa::path(
    operation_id = "list_gifts",
    tag = "gifts and dates",
    security(("access_token" = [])),
    params(("id" = Uuid, Path), PageQuery),
    responses(
        (status = 200, description = "a page, by key", body = PageView<GiftView>),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "`companion_gone`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/{id}/gifts")]
pub async fn list(
    app: web::Data<App>,
    caller: MayRead,
    id: WaifuPath,
    paging: Paging<Slug>,
) -> Result<HttpResponse, Problem> {
    let page = app
        .list_offers
        .gifts(caller.0, id.0, paging.start, paging.limit)
        .await?;
    Ok(HttpResponse::Ok().json(PageView::new(page, GiftView::from)))
}
