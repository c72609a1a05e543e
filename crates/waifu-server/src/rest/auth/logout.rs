//! `POST /auth/logout` and `POST /auth/logout-all`

use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, post, web};

use crate::app::App;
use crate::auth::bearer::{SignedInHere, authenticate};
use crate::problem::{Problem, ProblemDocument};

/// Sign out
///
/// The session ends: neither of its tokens lets anybody in, and its sockets are closed with 4410.
#[utoipa::path(
    tag = "auth",
    security(("access_token" = [])),
    responses(
        (status = 204, description = "the session has ended"),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/logout", wrap = "from_fn(authenticate)")]
pub async fn logout(app: web::Data<App>, caller: SignedInHere) -> Result<HttpResponse, Problem> {
    app.end_session.this(caller.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Sign out everywhere
///
/// All of your sessions end, this one too.
#[utoipa::path(
    tag = "auth",
    security(("access_token" = [])),
    responses(
        (status = 204, description = "all sessions have ended"),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/logout-all", wrap = "from_fn(authenticate)")]
pub async fn logout_all(
    app: web::Data<App>,
    caller: SignedInHere,
) -> Result<HttpResponse, Problem> {
    app.end_session.all(caller.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
