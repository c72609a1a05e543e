//! `GET /waifus/{id}/relationship/interactions`

use actix_web::{HttpResponse, get, web};

use crate::app::App;
use crate::auth::bearer::MayRead;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::query::{PageQuery, Paging, WaifuPath};
use crate::rest::views::{InteractionView, PageView};

/// The ledger: every change of affection and why, newest first
#[utoipa::path(
    operation_id = "list_interactions",
    tag = "relationship",
    security(("access_token" = [])),
    params(("id" = Uuid, Path), PageQuery),
    responses(
        (status = 200, description = "a page", body = PageView<InteractionView>),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/{id}/relationship/interactions")]
pub async fn interactions(
    app: web::Data<App>,
    caller: MayRead,
    id: WaifuPath,
    paging: Paging<u32>,
) -> Result<HttpResponse, Problem> {
    let page = app
        .read_ledger
        .execute(caller.0, id.0, paging.start, paging.limit)
        .await?;
    Ok(HttpResponse::Ok().json(PageView::new(page, InteractionView::from)))
}
