//! `POST /me/api-keys`

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use waifu_app::caller::{Scope, Scopes};
use waifu_domain::user::DisplayName;

use super::{ApiKeyView, ScopeName};
use crate::app::App;
use crate::auth::bearer::SignedInHere;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::body::Body;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApiKeyBody {
    /// What you will know it by: 1 to 80 characters on one line.
    #[schema(value_type = String, min_length = 1, max_length = 80)]
    name: DisplayName,
    /// At least one.
    #[schema(min_items = 1)]
    scopes: Vec<ScopeName>,
}

/// A key and what shows it.
// No `Debug`: it holds a secret in clear.
#[derive(Serialize, ToSchema)]
struct NewApiKeyView {
    #[serde(flatten)]
    key: ApiKeyView,
    /// Goes into `Authorization: Bearer …`. It is not stored and never shown again.
    secret: String,
}

/// Make an API key
///
/// It stands wherever an access token may, but for `/me` and `/auth`, as far as its scopes go. You can have 20.
#[utoipa::path(
    operation_id = "create_api_key",
    tag = "me",
    security(("access_token" = [])),
    request_body = ApiKeyBody,
    responses(
        (status = 201, description = "the key; this is the only time that it is shown", body = NewApiKeyView),
        (status = 400, description = "`malformed_json`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/api-keys")]
pub async fn create(
    app: web::Data<App>,
    caller: SignedInHere,
    body: Body<ApiKeyBody>,
) -> Result<HttpResponse, Problem> {
    let ApiKeyBody { name, scopes } = body.0;
    let scopes: Scopes = scopes.into_iter().map(Scope::from).collect();
    if scopes.is_empty() {
        return Err(Problem::invalid_field("/scopes", "must name at least one"));
    }
    let (key, token) = app.manage_api_keys.create(caller.0, name, scopes).await?;
    let view = NewApiKeyView {
        key: key.into(),
        secret: token.reveal().to_owned(),
    };
    Ok(HttpResponse::Created().json(view))
}
