//! `PUT` and `DELETE /admin/users/{user_id}/suspension`

use actix_web::{HttpResponse, delete, put, web};

use super::{no_such_user, somebody_else};
use crate::app::App;
use crate::auth::bearer::MayWrite;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::query::UserPath;

/// Keep somebody out
///
/// Until it is taken back: his requests are refused, and his sockets are closed with 4403.
#[utoipa::path(
    operation_id = "suspend_user",
    tag = "operators",
    security(("access_token" = [])),
    params(("user_id" = uuid::Uuid, Path, description = "the user")),
    responses(
        (status = 204, description = "suspended"),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[put("/users/{user_id}/suspension")]
pub async fn suspend(
    app: web::Data<App>,
    operator: MayWrite,
    user: UserPath,
) -> Result<HttpResponse, Problem> {
    let user = somebody_else(operator.0, user.0)?;
    let found = app.suspend_user.suspend(user).await?;
    found.ok_or_else(no_such_user)?;
    Ok(HttpResponse::NoContent().finish())
}

/// Let somebody in again
#[utoipa::path(
    operation_id = "restore_user",
    tag = "operators",
    security(("access_token" = [])),
    params(("user_id" = uuid::Uuid, Path, description = "the user")),
    responses(
        (status = 204, description = "not suspended"),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[delete("/users/{user_id}/suspension")]
pub async fn restore(app: web::Data<App>, user: UserPath) -> Result<HttpResponse, Problem> {
    let found = app.suspend_user.restore(user.0).await?;
    found.ok_or_else(no_such_user)?;
    Ok(HttpResponse::NoContent().finish())
}
