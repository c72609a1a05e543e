//! `PUT` and `DELETE /admin/users/{user_id}/minor`

use actix_web::{HttpResponse, delete, put, web};
use waifu_domain::user::AgeGroup;

use crate::app::App;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::query::UserPath;

/// Mark somebody as a minor
///
/// For him gates stay shut, absence costs nothing, and nothing presses for his return. He can't clear it himself.
#[utoipa::path(
    operation_id = "mark_minor",
    tag = "operators",
    security(("access_token" = [])),
    params(("user_id" = uuid::Uuid, Path, description = "the user")),
    responses(
        (status = 204, description = "marked"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[put("/users/{user_id}/minor")]
pub async fn mark(app: web::Data<App>, user: UserPath) -> Result<HttpResponse, Problem> {
    app.mark_minor.execute(user.0, AgeGroup::Minor).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Clear the mark of a minor
///
/// Refused while the birthday that he has told says that he is one.
#[utoipa::path(
    operation_id = "clear_minor",
    tag = "operators",
    security(("access_token" = [])),
    params(("user_id" = uuid::Uuid, Path, description = "the user")),
    responses(
        (status = 204, description = "not marked"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[delete("/users/{user_id}/minor")]
pub async fn clear(app: web::Data<App>, user: UserPath) -> Result<HttpResponse, Problem> {
    app.mark_minor.execute(user.0, AgeGroup::Adult).await?;
    Ok(HttpResponse::NoContent().finish())
}
