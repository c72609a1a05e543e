//! `POST /waifus/chat`

use actix_web::{HttpRequest, HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use waifu_app::use_cases::{Answer, OutgoingMessage};
use waifu_domain::turn::{EndReason, LONGEST_MESSAGE, MessageText, RunStatus};

use crate::app::App;
use crate::auth::bearer::MayChat;
use crate::problem::{FieldError, Problem, ProblemDocument, failed_turn};
use crate::rest::body::Body;
use crate::rest::sse;
use crate::rest::views::{InteractionView, RelationshipView, SaidView};
use crate::turn_frames::TurnFrames;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChatBody {
    waifu_id: Uuid,
    /// 1 to 8,000 characters.
    #[schema(min_length = 1, max_length = 8000)]
    message: String,
    /// Makes a retry safe: the same id with the same text is answered by the first answer.
    client_message_id: Option<Uuid>,
    /// The default conversation unless told; there is no other yet.
    conversation_id: Option<Uuid>,
}

/// A turn that has ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatView {
    turn_id: Uuid,
    turn_no: u32,
    run: u32,
    #[schema(value_type = String, example = "completed")]
    status: RunStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    reason: Option<EndReason>,
    message: Option<SaidView>,
    reply: Option<SaidView>,
    /// The ledger rows that the turn wrote: what moved and why.
    interactions: Vec<InteractionView>,
    relationship: RelationshipView,
    /// What the service has to tell the user; always a list.
    #[schema(value_type = Vec<Object>)]
    notices: [(); 0],
}

impl From<Answer> for ChatView {
    fn from(answer: Answer) -> Self {
        let outcome = answer.outcome;
        Self {
            turn_id: outcome.turn.turn_id.into(),
            turn_no: outcome.turn.turn_no,
            run: outcome.turn.run,
            status: outcome.status,
            reason: outcome.reason,
            message: outcome.message.map(Into::into),
            reply: outcome.reply.map(Into::into),
            interactions: outcome.interactions.into_iter().map(Into::into).collect(),
            relationship: RelationshipView::from(&answer.relationship),
            notices: [],
        }
    }
}

/// Say something to her and wait for her answer
///
/// Once the message is stored it is answered, whether or not you wait. A turn in which she said nothing is a
/// problem document with its `turn_id`, and moves no affection.
///
/// With `Accept: text/event-stream` the frames of the turn come as they happen: each event is named as its frame's
/// `type`, durable ones have `id: {epoch}:{seq}`, and `turn.done` is the last. Send the same body again with
/// `Last-Event-ID` to go on after a broken connection.
#[utoipa::path(
    tag = "chat",
    security(("access_token" = [])),
    request_body = ChatBody,
    params(
        ("Accept" = Option<String>, Header, description = "`text/event-stream` for a stream"),
        ("Last-Event-ID" = Option<String>, Header, description = "the `id` of the last event that was seen"),
        ("Idempotency-Key" = Option<Uuid>, Header, description = "stands in for a missing `client_message_id`"),
    ),
    responses(
        (status = 200, description = "her answer, and what it moved", content(
            (ChatView = "application/json"),
            (String = "text/event-stream"),
        )),
        (status = 400, description = "`malformed_json`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`turn_in_progress`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "`companion_gone`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`, `idempotency_mismatch`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`rate_limited`, `budget_spent`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 502, description = "`provider_failed`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`provider_unavailable`, `store_unavailable`, `draining`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 504, description = "`provider_timeout`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/chat")]
pub async fn chat(
    app: web::Data<App>,
    caller: MayChat,
    request: HttpRequest,
    body: Body<ChatBody>,
) -> Result<HttpResponse, Problem> {
    let key = idempotency_key(&request)?;
    if sse::is_wanted(&request) {
        let resume = sse::resume_from(&request)?;
        if body.0.client_message_id.or(key).is_none() {
            let why = "is required for a stream, so that it can be asked for again";
            return Err(Problem::invalid_field("/client_message_id", why));
        }
        let message = parse(&app, key, body.0)?;
        let client_message_id = message.client_message_id.into();
        let turn = app.send_message.stream(caller.0, message, resume).await?;
        return Ok(sse::answer(TurnFrames::new(turn, client_message_id)));
    }
    let message = parse(&app, key, body.0)?;
    let answer = app.send_message.execute(caller.0, message).await?;
    Ok(HttpResponse::Ok().json(answered(answer)?))
}

/// A turn in which she said nothing is a problem.
pub fn answered(answer: Answer) -> Result<ChatView, Problem> {
    let outcome = &answer.outcome;
    if outcome.status == RunStatus::Failed {
        return Err(failed_turn(outcome.turn.turn_id, outcome.reason));
    }
    Ok(answer.into())
}

/// Stands in for a `client_message_id` that the body does not have.
fn idempotency_key(request: &HttpRequest) -> Result<Option<Uuid>, Problem> {
    let Some(header) = request.headers().get("Idempotency-Key") else {
        return Ok(None);
    };
    let key = header
        .to_str()
        .ok()
        .and_then(|text| text.trim_matches('"').parse().ok());
    let refused = || FieldError::parameter("Idempotency-Key", "must be a UUID");
    key.map(Some)
        .ok_or_else(|| Problem::invalid(vec![refused()]))
}

fn parse(app: &App, key: Option<Uuid>, body: ChatBody) -> Result<OutgoingMessage, Problem> {
    let text = MessageText::try_from(body.message)
        .map_err(|error| Problem::invalid_field("/message", error.to_string()))?;
    Ok(OutgoingMessage {
        waifu_id: body.waifu_id.into(),
        conversation_id: body.conversation_id.map(Into::into),
        client_message_id: body
            .client_message_id
            .or(key)
            .unwrap_or_else(|| app.ids.new_id())
            .into(),
        text,
    })
}

const _: () = assert!(LONGEST_MESSAGE == 8_000, "the documents above say 8,000");
