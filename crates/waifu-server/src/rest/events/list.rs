//! `GET /waifus/{id}/events`

use actix_web::{HttpResponse, get, web};
use waifu_app::ports::store::OccurrencePlace;

use crate::app::App;
use crate::auth::bearer::MayRead;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::query::{PageQuery, Paging, WaifuPath};
use crate::rest::views::{OccurrenceView, PageView};

/// Events: those that wait for your choice, and those that are over, newest first
#[utoipa::path(
    operation_id = "list_events",
    tag = "events",
    security(("access_token" = [])),
    params(("id" = Uuid, Path), PageQuery),
    responses(
        (status = 200, description = "a page", body = PageView<OccurrenceView>),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/{id}/events")]
pub async fn list(
    app: web::Data<App>,
    caller: MayRead,
    id: WaifuPath,
    paging: Paging<OccurrencePlace>,
) -> Result<HttpResponse, Problem> {
    let page = app
        .list_events
        .execute(caller.0, id.0, paging.start, paging.limit)
        .await?;
    let catalogue = app.catalogues.current().await;
    let events = catalogue.events();
    let view = |occurrence: waifu_domain::events::EventOccurrence| {
        let definition = events.get(&occurrence.event);
        OccurrenceView::new(occurrence, definition)
    };
    Ok(HttpResponse::Ok().json(PageView::new(page, view)))
}
