//! `POST /admin/adjustments`

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use waifu_domain::bounded::Text;
use waifu_domain::relationship::Pair;

use crate::app::App;
use crate::auth::bearer::MayWrite;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::acts;
use crate::rest::body::Body;
use crate::rest::idempotency::IdempotencyHeader;
use crate::rest::views::ActView;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AdjustmentBody {
    user_id: Uuid,
    waifu_id: Uuid,
    /// -1000 to 1000, and not 0. It obeys the bounds of affection, and no cap.
    #[schema(minimum = -1000, maximum = 1000)]
    points: i32,
    /// Shown to the user; 1 to 500 characters.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    reason: Text<500>,
}

/// Correct a relationship
///
/// The row says why, and not who: that is kept for operators.
#[utoipa::path(
    operation_id = "adjust_affection",
    tag = "operators",
    security(("access_token" = [])),
    request_body = AdjustmentBody,
    params(IdempotencyHeader),
    responses(
        (status = 200, description = "what it moved", body = ActView),
        (status = 400, description = "`malformed_json`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`, `idempotency_mismatch`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`rate_limited`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/adjustments")]
pub async fn adjust(
    app: web::Data<App>,
    operator: MayWrite,
    key: IdempotencyHeader,
    body: Body<AdjustmentBody>,
) -> Result<HttpResponse, Problem> {
    let AdjustmentBody {
        user_id,
        waifu_id,
        points,
        reason,
    } = body.0;
    let pair = Pair {
        user_id: user_id.into(),
        waifu_id: waifu_id.into(),
    };
    let operator = operator.0.user_id;
    let done = app
        .acts
        .adjust(operator, pair, points, reason.into(), key.0)
        .await?;
    Ok(acts::shown(&app, done).await)
}
