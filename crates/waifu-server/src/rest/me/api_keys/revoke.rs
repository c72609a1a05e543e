//! `DELETE /me/api-keys/{id}`

use actix_web::{HttpResponse, delete, web};

use crate::app::App;
use crate::auth::bearer::SignedInHere;
use crate::problem::{Code, Problem, ProblemDocument};
use crate::rest::query::ApiKeyPath;

/// Revoke an API key
///
/// Sockets that are open by it are closed with 4410.
#[utoipa::path(
    operation_id = "revoke_api_key",
    tag = "me",
    security(("access_token" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 204, description = "it lets nobody in any more"),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[delete("/api-keys/{id}")]
pub async fn revoke(
    app: web::Data<App>,
    caller: SignedInHere,
    id: ApiKeyPath,
) -> Result<HttpResponse, Problem> {
    if app.manage_api_keys.revoke(caller.0, id.0).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::new(Code::NotFound, "there is no such API key"))
    }
}
