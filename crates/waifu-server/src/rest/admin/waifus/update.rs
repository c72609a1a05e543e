//! `PATCH /admin/waifus/{id}`

use actix_web::{HttpResponse, patch, web};
use serde_json::{Map, Value};
use waifu_domain::waifu::Owner;

use crate::app::App;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::body::Body;
use crate::rest::preconditions::IfMatch;
use crate::rest::query::WaifuPath;
use crate::rest::views::WaifuView;
use crate::rest::waifus::shown;
use crate::rest::waifus::update::change;

/// Change a companion of the house's
///
/// As owners change theirs: a JSON merge patch (RFC 7396), against the version in `If-Match`. From then on no seed
/// touches her.
#[utoipa::path(
    operation_id = "update_house_waifu",
    tag = "operators",
    security(("access_token" = [])),
    params(
        ("id" = Uuid, Path),
        ("If-Match" = String, Header, description = "the ETag that you saw, such as `\"3\"`"),
    ),
    request_body(content = Object, description = "a merge patch of the body that makes a companion, without `key`"),
    responses(
        (status = 200, description = "her, as she is now", body = WaifuView),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "`companion_gone`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 412, description = "`precondition_failed`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 428, description = "`precondition_required`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[patch("/waifus/{id}")]
pub async fn update(
    app: web::Data<App>,
    id: WaifuPath,
    if_match: IfMatch,
    patch: Body<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    let expected = if_match.required()?;
    let waifu = change(&app, Owner::House, id.0, expected, patch.0).await?;
    Ok(shown(HttpResponse::Ok(), waifu))
}
