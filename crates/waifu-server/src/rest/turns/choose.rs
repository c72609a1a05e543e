//! `PUT /waifus/{id}/turns/{turn_id}/choice`

use actix_web::{HttpResponse, put, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::auth::bearer::MayChat;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::body::Body;
use crate::rest::query::{TurnPath, WaifuPath};
use crate::rest::views::MessageView;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AnswerChoiceBody {
    /// The run whose words shall be her answer.
    #[schema(minimum = 1)]
    run: u32,
}

#[derive(Debug, Serialize, ToSchema)]
struct ChosenView {
    turn_id: Uuid,
    turn_no: u32,
    run: u32,
    /// Her answer from now on.
    message: MessageView,
}

/// Choose among her answers to the latest turn
///
/// Choosing the one that is chosen changes nothing. It moves no affection.
#[utoipa::path(
    operation_id = "choose_answer",
    tag = "chat",
    security(("access_token" = [])),
    params(("id" = Uuid, Path), ("turn_id" = Uuid, Path)),
    request_body = AnswerChoiceBody,
    responses(
        (status = 200, description = "her answer", body = ChosenView),
        (status = 400, description = "`malformed_json`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`turn_in_progress`, `too_far_back`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "`companion_gone`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`rate_limited`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[put("/{id}/turns/{turn_id}/choice")]
pub async fn choose(
    app: web::Data<App>,
    caller: MayChat,
    id: WaifuPath,
    turn: TurnPath,
    body: Body<AnswerChoiceBody>,
) -> Result<HttpResponse, Problem> {
    let acts = &app.acts;
    let chosen = acts
        .choose_answer(caller.0, id.0, turn.0, body.0.run)
        .await?;
    Ok(HttpResponse::Ok().json(ChosenView {
        turn_id: chosen.turn.turn_id.into(),
        turn_no: chosen.turn.turn_no,
        run: chosen.turn.run,
        message: chosen.message.into(),
    }))
}
