//! `POST /waifus/{id}/events/{occurrence_id}/choice`

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use waifu_domain::slug::Slug;

use crate::app::App;
use crate::auth::bearer::MayChat;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::acts;
use crate::rest::body::Body;
use crate::rest::idempotency::IdempotencyHeader;
use crate::rest::query::{OccurrencePath, WaifuPath};
use crate::rest::views::ActView;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChoiceBody {
    /// The key of one of the event's choices.
    #[schema(value_type = String, example = "yes")]
    choice: Slug,
}

/// Take a choice in an event that waits for one
///
/// A choice is taken once: the same one again has the first's result, another one is refused.
#[utoipa::path(
    operation_id = "take_choice",
    tag = "events",
    security(("access_token" = [])),
    request_body = ChoiceBody,
    params(("id" = Uuid, Path), ("occurrence_id" = Uuid, Path), IdempotencyHeader),
    responses(
        (status = 200, description = "what it moved, and her words", body = ActView),
        (status = 400, description = "`malformed_json`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`choice_taken`, `event_expired`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "`companion_gone`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`, `idempotency_mismatch`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`rate_limited`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/{id}/events/{occurrence_id}/choice")]
pub async fn choose(
    app: web::Data<App>,
    caller: MayChat,
    id: WaifuPath,
    occurrence: OccurrencePath,
    key: IdempotencyHeader,
    body: Body<ChoiceBody>,
) -> Result<HttpResponse, Problem> {
    let choice = body.0.choice;
    let done = app
        .acts
        .take_choice(caller.0, id.0, occurrence.0, choice, key.0)
        .await?;
    Ok(acts::shown(&app, done).await)
}
