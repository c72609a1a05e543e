//! `GET /me`

use actix_web::{HttpResponse, get, web};

use super::views::UserView;
use crate::app::App;
use crate::auth::bearer::Authenticated;
use crate::problem::{Code, Problem, ProblemDocument};

/// Who you are
#[utoipa::path(
    tag = "me",
    security(("access_token" = [])),
    responses(
        (status = 200, description = "your profile", body = UserView),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("")]
pub async fn me(app: web::Data<App>, caller: Authenticated) -> Result<HttpResponse, Problem> {
    let user = app.read_profile.execute(caller.0).await?;
    let user =
        user.ok_or_else(|| Problem::new(Code::Unauthenticated, "the account no longer exists"))?;
    Ok(HttpResponse::Ok().json(UserView::from(user)))
}
