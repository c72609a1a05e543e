//! `GET /waifus/{id}`

use actix_web::{HttpResponse, get, web};

use super::shown;
use crate::app::App;
use crate::auth::bearer::MayRead;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::query::WaifuPath;
use crate::rest::views::WaifuView;

/// One companion
#[utoipa::path(
    operation_id = "get_waifu",
    tag = "companions",
    security(("access_token" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "her; `ETag` is her version", body = WaifuView),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "`companion_gone`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/{id}")]
pub async fn get(
    app: web::Data<App>,
    caller: MayRead,
    id: WaifuPath,
) -> Result<HttpResponse, Problem> {
    let waifu = app.get_waifu.execute(caller.0, id.0).await?;
    Ok(shown(HttpResponse::Ok(), waifu))
}
