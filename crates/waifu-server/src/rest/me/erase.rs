//! `DELETE /me`

use actix_web::{HttpResponse, delete, web};

use crate::app::App;
use crate::auth::bearer::SignedInHere;
use crate::problem::{Problem, ProblemDocument};

/// Erase your account
///
/// With it go your profile, sessions, API keys, relationships and everything that was said in them. Public companions of
/// yours whom others know pass to the house, the others go. It can't be taken back. Your sockets are closed with 4410.
#[utoipa::path(
    operation_id = "erase_account",
    tag = "me",
    security(("access_token" = [])),
    responses(
        (status = 204, description = "nothing of yours is left"),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[delete("")]
pub async fn erase(app: web::Data<App>, caller: SignedInHere) -> Result<HttpResponse, Problem> {
    app.erase_user.execute(caller.0.user_id).await?;
    Ok(HttpResponse::NoContent().finish())
}
