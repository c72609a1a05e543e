//! `GET /me`

use actix_web::{HttpResponse, get, web};

use crate::app::App;
use crate::auth::bearer::SignedInHere;
use crate::problem::{Code, Problem, ProblemDocument};
use crate::rest::views::ProfileView;

/// Who you are
#[utoipa::path(
    operation_id = "read_profile",
    tag = "me",
    security(("access_token" = [])),
    responses(
        (status = 200, description = "your profile", body = ProfileView),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("")]
pub async fn profile(app: web::Data<App>, caller: SignedInHere) -> Result<HttpResponse, Problem> {
    let user = app.read_profile.execute(caller.0).await?;
    let user =
        user.ok_or_else(|| Problem::new(Code::Unauthenticated, "the account no longer exists"))?;
    Ok(HttpResponse::Ok().json(ProfileView::from(user)))
}
