//! `DELETE /admin/waifus/{id}`

use actix_web::{HttpResponse, delete, web};
use waifu_domain::waifu::Owner;

use crate::app::App;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::query::WaifuPath;

/// Delete a companion of the house's
///
/// She is gone from lists and can't be talked to any more; what was said with her stays readable. No seed brings her
/// back.
#[utoipa::path(
    operation_id = "delete_house_waifu",
    tag = "operators",
    security(("access_token" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 204, description = "she is gone"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "`companion_gone`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[delete("/waifus/{id}")]
pub async fn delete(app: web::Data<App>, id: WaifuPath) -> Result<HttpResponse, Problem> {
    app.delete_waifu.execute(Owner::House, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
