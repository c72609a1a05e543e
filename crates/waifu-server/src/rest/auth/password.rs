//! `POST /auth/password`

use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use waifu_app::ports::passwords::Password;
use waifu_app::use_cases::ChangePasswordError;

use crate::app::App;
use crate::auth::bearer::{SignedInHere, authenticate};
use crate::peer::PeerAddress;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::body::Body;

// No `Debug`: it holds secrets in clear.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordBody {
    current_password: String,
    /// 8 to 256 characters.
    #[schema(min_length = 8, max_length = 256)]
    new_password: String,
}

/// Change your password
///
/// All your other sessions end.
#[utoipa::path(
    operation_id = "change_password",
    tag = "auth",
    security(("access_token" = [])),
    request_body = PasswordBody,
    responses(
        (status = 204, description = "changed"),
        (status = 400, description = "`malformed_json`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`rate_limited`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/password", wrap = "from_fn(authenticate)")]
pub async fn change(
    app: web::Data<App>,
    caller: SignedInHere,
    address: PeerAddress,
    body: Body<PasswordBody>,
) -> Result<HttpResponse, Problem> {
    let PasswordBody {
        current_password,
        new_password,
    } = body.0;
    let new = Password::try_from(new_password)
        .map_err(|error| Problem::invalid_field("/new_password", error.to_string()))?;
    // What can't be a password is not the current one.
    let current = Password::try_from(current_password).map_err(|_| ChangePasswordError::Wrong)?;
    app.change_password
        .execute(caller.0, current, new, address.0)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
