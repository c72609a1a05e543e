//! `GET /waifus/{id}/relationship`

use actix_web::{HttpResponse, get, web};

use crate::app::App;
use crate::auth::bearer::MayRead;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::query::WaifuPath;
use crate::rest::views::RelationshipView;

/// Where the two of you stand
///
/// Reading changes nothing: what an absence has cost is shown as `pending_decay`.
#[utoipa::path(
    operation_id = "read_relationship",
    tag = "relationship",
    security(("access_token" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "now", body = RelationshipView),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/{id}/relationship")]
pub async fn now(
    app: web::Data<App>,
    caller: MayRead,
    id: WaifuPath,
) -> Result<HttpResponse, Problem> {
    let standing = app.read_relationship.execute(caller.0, id.0).await?;
    Ok(HttpResponse::Ok().json(RelationshipView::from(&standing)))
}
