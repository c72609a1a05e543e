//! `POST /waifus/{id}/turns/{turn_id}/regenerate`

use actix_web::{HttpResponse, post, web};

use crate::app::App;
use crate::auth::bearer::MayChat;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::idempotency::IdempotencyHeader;
use crate::rest::query::{TurnPath, WaifuPath};
use crate::rest::waifus::chat::{ChatView, answered};

/// Have the latest turn answered in another way
///
/// Also how a turn that failed is tried again. Once she has said something that is her answer, until another one is
/// chosen. A turn moves affection once, however often it is answered.
#[utoipa::path(
    operation_id = "regenerate_answer",
    tag = "chat",
    security(("access_token" = [])),
    params(("id" = Uuid, Path), ("turn_id" = Uuid, Path), IdempotencyHeader),
    responses(
        (status = 200, description = "her answer, and what the turn moved", body = ChatView),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`turn_in_progress`, `too_far_back`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "`companion_gone`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`, `idempotency_mismatch`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`rate_limited`, `budget_spent`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 502, description = "`provider_failed`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`provider_unavailable`, `store_unavailable`, `draining`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 504, description = "`provider_timeout`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/{id}/turns/{turn_id}/regenerate")]
pub async fn regenerate(
    app: web::Data<App>,
    caller: MayChat,
    id: WaifuPath,
    turn: TurnPath,
    key: IdempotencyHeader,
) -> Result<HttpResponse, Problem> {
    let acts = &app.acts;
    let answer = acts.answer_again(caller.0, id.0, turn.0, key.0).await?;
    let answer: ChatView = answered(answer)?;
    Ok(HttpResponse::Ok().json(answer))
}
