//! `PUT /waifus/{id}/turns/{turn_id}/message`

use actix_web::{HttpResponse, put, web};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use waifu_app::use_cases::EditedMessage;
use waifu_domain::turn::MessageText;

use crate::app::App;
use crate::auth::bearer::MayChat;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::body::Body;
use crate::rest::query::{TurnPath, WaifuPath};
use crate::rest::waifus::chat::{ChatView, answered};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EditBody {
    /// 1 to 8,000 characters.
    #[schema(min_length = 1, max_length = 8000)]
    text: String,
    /// Makes a retry safe: the same id with the same text is answered by the first answer.
    client_message_id: Option<Uuid>,
}

/// Say something else in the place of a message
///
/// Its turn and all later chats are taken back with the affection that they moved, as by a rewind, and the new message is
/// the next turn, all in one step: when it can't be answered, nothing is taken back. Gifts, dates and choices stay.
#[utoipa::path(
    operation_id = "edit_message",
    tag = "chat",
    security(("access_token" = [])),
    params(("id" = Uuid, Path), ("turn_id" = Uuid, Path)),
    request_body = EditBody,
    responses(
        (status = 200, description = "her answer, and what the new turn moved", body = ChatView),
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
#[put("/{id}/turns/{turn_id}/message")]
pub async fn edit(
    app: web::Data<App>,
    caller: MayChat,
    id: WaifuPath,
    turn: TurnPath,
    body: Body<EditBody>,
) -> Result<HttpResponse, Problem> {
    let EditBody {
        text,
        client_message_id,
    } = body.0;
    let text = MessageText::try_from(text)
        .map_err(|error| Problem::invalid_field("/text", error.to_string()))?;
    let client_message_id = client_message_id.unwrap_or_else(|| app.ids.new_id());
    let edited = EditedMessage {
        waifu_id: id.0,
        turn_id: turn.0,
        client_message_id: client_message_id.into(),
        text,
    };
    let answer = app.edit_message.execute(caller.0, edited).await?;
    let answer: ChatView = answered(answer)?;
    Ok(HttpResponse::Ok().json(answer))
}
