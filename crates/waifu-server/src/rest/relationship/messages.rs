//! `GET /waifus/{id}/messages`

use actix_web::{HttpResponse, get, web};
use waifu_app::ports::store::MessagePlace;

use crate::app::App;
use crate::auth::bearer::MayRead;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::query::{PageQuery, Paging, WaifuPath};
use crate::rest::views::{MessageView, PageView};

/// What you have said to each other, newest first
#[utoipa::path(
    operation_id = "list_messages",
    tag = "relationship",
    security(("access_token" = [])),
    params(("id" = Uuid, Path), PageQuery),
    responses(
        (status = 200, description = "a page", body = PageView<MessageView>),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/{id}/messages")]
pub async fn messages(
    app: web::Data<App>,
    caller: MayRead,
    id: WaifuPath,
    paging: Paging<MessagePlace>,
) -> Result<HttpResponse, Problem> {
    let page = app
        .read_history
        .execute(caller.0, id.0, paging.start, paging.limit)
        .await?;
    Ok(HttpResponse::Ok().json(PageView::new(page, MessageView::from)))
}
