//! `POST /auth/refresh`

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use waifu_app::ports::secrets::RefreshToken;

use super::TokensView;
use crate::app::App;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::body::Body;

// No `Debug`: it holds a secret in clear.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefreshBody {
    refresh_token: String,
}

/// Buy the next pair of tokens
///
/// A refresh token works once. The one before works once more for 10 seconds, for an answer that was lost; after
/// that its use ends the session.
#[utoipa::path(
    tag = "auth",
    request_body = RefreshBody,
    responses(
        (status = 200, description = "the next pair", body = TokensView),
        (status = 400, description = "`malformed_json`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "`suspended`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/refresh")]
pub async fn refresh(
    app: web::Data<App>,
    body: Body<RefreshBody>,
) -> Result<HttpResponse, Problem> {
    let token = RefreshToken::new(body.0.refresh_token);
    let signed_in = app.refresh.execute(&token).await?;
    Ok(HttpResponse::Ok().json(TokensView::from(signed_in)))
}
