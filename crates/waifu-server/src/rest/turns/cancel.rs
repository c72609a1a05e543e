//! `POST /waifus/{id}/turns/{turn_id}/cancel`

use actix_web::{HttpResponse, post, web};

use crate::app::App;
use crate::auth::bearer::MayChat;
use crate::problem::{Code, Problem, ProblemDocument};
use crate::rest::query::{TurnPath, WaifuPath};
use crate::rest::waifus::chat::ChatView;

/// Stop her answer
///
/// The words so far are kept. Of a turn that is over this changes nothing. Returns how the turn stands then.
#[utoipa::path(
    operation_id = "cancel_turn",
    tag = "chat",
    security(("access_token" = [])),
    params(("id" = Uuid, Path), ("turn_id" = Uuid, Path)),
    responses(
        (status = 200, description = "the turn, which is over", body = ChatView),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/{id}/turns/{turn_id}/cancel")]
pub async fn cancel(
    app: web::Data<App>,
    caller: MayChat,
    id: WaifuPath,
    turn: TurnPath,
) -> Result<HttpResponse, Problem> {
    let cancelled = app.send_message.cancel(caller.0, id.0, turn.0).await?;
    let answer = cancelled.ok_or_else(|| Problem::new(Code::NotFound, "there is no such turn"))?;
    Ok(HttpResponse::Ok().json(ChatView::from(answer)))
}
