//! `DELETE /waifus/{id}`

use actix_web::{HttpResponse, delete, web};
use waifu_domain::waifu::Owner;

use crate::app::App;
use crate::auth::bearer::MayWrite;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::query::WaifuPath;

/// Delete a companion of your own
///
/// She is gone from lists and can't be talked to any more; what was said with her stays readable.
#[utoipa::path(
    operation_id = "delete_waifu",
    tag = "companions",
    security(("access_token" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 204, description = "she is gone"),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "`not_owner`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "`companion_gone`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[delete("/{id}")]
pub async fn delete(
    app: web::Data<App>,
    caller: MayWrite,
    id: WaifuPath,
) -> Result<HttpResponse, Problem> {
    let owner = Owner::User(caller.0.user_id);
    app.delete_waifu.execute(owner, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
