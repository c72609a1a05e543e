//! `POST /admin/users/{user_id}/one-time-password`

use actix_web::{HttpResponse, post, web};
use serde::Serialize;
use utoipa::ToSchema;
use waifu_domain::timestamp::Timestamp;

use super::somebody_else;
use crate::app::App;
use crate::auth::bearer::MayWrite;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::query::UserPath;

// No `Debug`: it holds a secret in clear.
#[derive(Serialize, ToSchema)]
struct OneTimePasswordView {
    /// Good for one sign-in. It is stored as a hash and never shown again.
    password: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Give somebody who has lost his password another one
///
/// It takes the place of his own, lets him in once within 24 hours, and is the `current_password` of the one that he then
/// sets. All his sessions end.
#[utoipa::path(
    operation_id = "reset_password",
    tag = "operators",
    security(("access_token" = [])),
    params(("user_id" = uuid::Uuid, Path, description = "the user")),
    responses(
        (status = 200, description = "the password; this is the only time that it is shown", body = OneTimePasswordView),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/users/{user_id}/one-time-password")]
pub async fn reset(
    app: web::Data<App>,
    operator: MayWrite,
    user: UserPath,
) -> Result<HttpResponse, Problem> {
    let user = somebody_else(operator.0, user.0)?;
    let given = app.reset_password.execute(user).await?;
    Ok(HttpResponse::Ok().json(OneTimePasswordView {
        password: given.password.reveal().to_owned(),
        expires_at: given.until,
    }))
}
