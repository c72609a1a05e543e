//! `POST /auth/login`

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use waifu_app::ports::passwords::Password;
use waifu_app::use_cases::SignInError;
use waifu_domain::user::Username;

use super::TokensView;
use crate::app::App;
use crate::peer::PeerAddress;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::body::Body;

// No `Debug`: it holds a secret in clear.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LoginBody {
    username: String,
    password: String,
}

/// Sign in
///
/// After some wrong passwords for one name from one address the next answer comes late, at most 16 seconds; nobody is
/// locked out.
#[utoipa::path(
    tag = "auth",
    request_body = LoginBody,
    responses(
        (status = 200, description = "signed in", body = TokensView),
        (status = 400, description = "`malformed_json`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "`suspended`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`rate_limited`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/login")]
pub async fn login(
    app: web::Data<App>,
    address: PeerAddress,
    body: Body<LoginBody>,
) -> Result<HttpResponse, Problem> {
    // What can't be a name or a password is nobody's: it is wrong, like any other that is.
    let username = Username::try_from(body.0.username).map_err(|_| SignInError::Wrong)?;
    let password = Password::try_from(body.0.password).map_err(|_| SignInError::Wrong)?;
    let signed_in = app.sign_in.execute(&username, password, address.0).await?;
    Ok(HttpResponse::Ok().json(TokensView::from(signed_in)))
}
