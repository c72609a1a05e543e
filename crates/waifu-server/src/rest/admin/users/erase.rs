//! `DELETE /admin/users/{user_id}`

use actix_web::{HttpResponse, delete, web};

use super::{no_such_user, somebody_else};
use crate::app::App;
use crate::auth::bearer::MayWrite;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::query::UserPath;

/// Erase an account
///
/// As its user can himself, with `DELETE /me`, which is for operators too. It can't be taken back.
#[utoipa::path(
    operation_id = "erase_user",
    tag = "operators",
    security(("access_token" = [])),
    params(("user_id" = uuid::Uuid, Path, description = "the user")),
    responses(
        (status = 204, description = "nothing of his is left"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[delete("/users/{user_id}")]
pub async fn erase(
    app: web::Data<App>,
    operator: MayWrite,
    user: UserPath,
) -> Result<HttpResponse, Problem> {
    let user = somebody_else(operator.0, user.0)?;
    if app.erase_user.execute(user).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(no_such_user())
    }
}
