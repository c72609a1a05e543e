//! `GET /waifus`

use actix_web::{HttpResponse, get, web};
use waifu_app::ports::store::WaifuPlace;

use crate::app::App;
use crate::auth::bearer::MayRead;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::query::{PageQuery, Paging};
use crate::rest::views::{PageView, WaifuView};

/// Companions that you may meet
///
/// The house's, public ones, your own, and those you know; oldest first.
#[utoipa::path(
    operation_id = "list_waifus",
    tag = "companions",
    security(("access_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "a page", body = PageView<WaifuView>),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("")]
pub async fn list(
    app: web::Data<App>,
    caller: MayRead,
    paging: Paging<WaifuPlace>,
) -> Result<HttpResponse, Problem> {
    let page = app
        .list_waifus
        .execute(caller.0, paging.start, paging.limit)
        .await?;
    Ok(HttpResponse::Ok().json(PageView::new(page, WaifuView::from)))
}
