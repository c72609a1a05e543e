//! `POST /waifus/{id}/turns/{turn_id}/rewind`

use actix_web::{HttpResponse, post, web};

use crate::app::App;
use crate::auth::bearer::MayChat;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::acts;
use crate::rest::idempotency::IdempotencyHeader;
use crate::rest::query::{TurnPath, WaifuPath};
use crate::rest::views::ActView;

/// Go back to before a turn
///
/// Its chat and all later ones are taken back: the history shows them no more, and what they moved is taken back by
/// rows of the ledger. Gifts, dates and choices stay. At most 200 messages go at once.
#[utoipa::path(
    operation_id = "rewind",
    tag = "chat",
    security(("access_token" = [])),
    params(("id" = Uuid, Path), ("turn_id" = Uuid, Path), IdempotencyHeader),
    responses(
        (status = 200, description = "what was taken back; no rows when there was nothing to", body = ActView),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`turn_in_progress`, `too_far_back`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "`companion_gone`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`, `idempotency_mismatch`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`rate_limited`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/{id}/turns/{turn_id}/rewind")]
pub async fn rewind(
    app: web::Data<App>,
    caller: MayChat,
    id: WaifuPath,
    turn: TurnPath,
    key: IdempotencyHeader,
) -> Result<HttpResponse, Problem> {
    let done = app.acts.rewind(caller.0, id.0, turn.0, key.0).await?;
    Ok(acts::shown(&app, done).await)
}
