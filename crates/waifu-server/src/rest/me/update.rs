//! `PATCH /me`

use actix_web::{HttpResponse, patch, web};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use waifu_app::use_cases::{BirthdayChange, ProfileChange};
use waifu_domain::time_zone::TimeZone;
use waifu_domain::user::DisplayName;

use crate::app::App;
use crate::auth::bearer::SignedInHere;
use crate::problem::{Code, Problem, ProblemDocument};
use crate::rest::body::Body;
use crate::rest::views::{ProfileView, parse_date};

/// What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProfileBody {
    /// 1 to 80 characters on one line.
    #[schema(value_type = Option<String>)]
    display_name: Option<DisplayName>,
    /// The name of an IANA time zone: where your days begin.
    #[schema(value_type = Option<String>, example = "Europe/Berlin")]
    time_zone: Option<TimeZone>,
    /// `YYYY-MM-DD`; null forgets it.
    #[serde(default, deserialize_with = "birthday")]
    #[schema(value_type = Option<String>, format = Date)]
    birthday: BirthdayChange,
}

/// Tells null from nothing.
fn birthday<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BirthdayChange, D::Error> {
    match Option::<String>::deserialize(deserializer)? {
        None => Ok(BirthdayChange::Forget),
        Some(text) => match parse_date(&text) {
            Some(date) => Ok(BirthdayChange::Set(date)),
            None => Err(serde::de::Error::custom("must be a date, YYYY-MM-DD")),
        },
    }
}

/// Change what you say of yourself
#[utoipa::path(
    tag = "me",
    security(("access_token" = [])),
    request_body = ProfileBody,
    responses(
        (status = 200, description = "your profile, as it is now", body = ProfileView),
        (status = 400, description = "`malformed_json`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[patch("")]
pub async fn update(
    app: web::Data<App>,
    caller: SignedInHere,
    body: Body<ProfileBody>,
) -> Result<HttpResponse, Problem> {
    let change = ProfileChange {
        display_name: body.0.display_name,
        time_zone: body.0.time_zone,
        birthday: body.0.birthday,
    };
    let user = app.update_profile.execute(caller.0, change).await?;
    let user =
        user.ok_or_else(|| Problem::new(Code::Unauthenticated, "the account no longer exists"))?;
    Ok(HttpResponse::Ok().json(ProfileView::from(user)))
}
