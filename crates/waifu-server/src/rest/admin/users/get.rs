//! `GET /admin/users/{user_id}`

use actix_web::{HttpResponse, get, web};

use super::{AccountView, no_such_user};
use crate::app::App;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::query::UserPath;

/// One account
#[utoipa::path(
    operation_id = "get_user",
    tag = "operators",
    security(("access_token" = [])),
    params(("user_id" = uuid::Uuid, Path, description = "the user")),
    responses(
        (status = 200, description = "the account", body = AccountView),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/users/{user_id}")]
pub async fn get(app: web::Data<App>, user: UserPath) -> Result<HttpResponse, Problem> {
    let found = app.list_users.by_id(user.0).await?;
    let account: AccountView = found.ok_or_else(no_such_user)?.into();
    Ok(HttpResponse::Ok().json(account))
}
