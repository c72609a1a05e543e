//! `POST /waifus/{id}/gifts`

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::auth::bearer::MayChat;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::acts;
use crate::rest::body::Body;
use crate::rest::idempotency::IdempotencyHeader;
use crate::rest::query::WaifuPath;
use crate::rest::views::ActView;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GiftBody {
    gift_id: Uuid,
}

/// Give her a gift
///
/// The gift is given at once and stands whatever becomes of her words about it, which are waited for. What each would
/// earn is in the list of gifts.
#[utoipa::path(
    operation_id = "give_gift",
    tag = "gifts and dates",
    security(("access_token" = [])),
    request_body = GiftBody,
    params(("id" = Uuid, Path), IdempotencyHeader),
    responses(
        (status = 200, description = "what it moved, and her words", body = ActView),
        (status = 400, description = "`malformed_json`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`gift_declined`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "`companion_gone`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`, `idempotency_mismatch`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`rate_limited`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/{id}/gifts")]
pub async fn give(
    app: web::Data<App>,
    caller: MayChat,
    id: WaifuPath,
    key: IdempotencyHeader,
    body: Body<GiftBody>,
) -> Result<HttpResponse, Problem> {
    let gift = body.0.gift_id.into();
    let done = app.acts.give_gift(caller.0, id.0, gift, key.0).await?;
    Ok(acts::shown(&app, done).await)
}
