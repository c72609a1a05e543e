//! `GET /admin/waifus`

use actix_web::{HttpResponse, get, web};
use waifu_app::ports::store::WaifuPlace;

use crate::app::App;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::query::{PageQuery, Paging};
use crate::rest::views::{PageView, WaifuView};

/// The house's companions, private ones too; oldest first
#[utoipa::path(
    operation_id = "list_house_waifus",
    tag = "operators",
    security(("access_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "a page", body = PageView<WaifuView>),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/waifus")]
pub async fn list(
    app: web::Data<App>,
    paging: Paging<WaifuPlace>,
) -> Result<HttpResponse, Problem> {
    let page = app.list_waifus.of_house(paging.start, paging.limit).await?;
    Ok(HttpResponse::Ok().json(PageView::new(page, WaifuView::from)))
}
