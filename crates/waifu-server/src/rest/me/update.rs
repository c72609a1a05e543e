//! `PATCH /me`

use actix_web::{HttpResponse, patch, web};
use serde::Deserialize;
use time::Date;
use utoipa::ToSchema;
use waifu_app::use_cases::{Change, ProfileChange};
use waifu_domain::locale::Locale;
use waifu_domain::time_zone::TimeZone;
use waifu_domain::user::{DisplayName, Persona, Pronouns};

use crate::app::App;
use crate::auth::bearer::SignedInHere;
use crate::problem::{Code, Problem, ProblemDocument};
use crate::rest::body::Body;
use crate::rest::views::{ProfileView, parse_date};

/// What is left out stays as it is; null forgets.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileBody {
    /// 1 to 80 characters on one line; null: your username.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 80)]
    display_name: Change<DisplayName>,
    /// The name of an IANA time zone: where your days begin; null: UTC.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Europe/Berlin")]
    time_zone: Change<TimeZone>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    birthday: Change<Birthday>,
    /// 1 to 40 characters; companions are told.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 40, example = "they/them")]
    pronouns: Change<Pronouns>,
    /// A BCP 47 language tag.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "pt-BR")]
    locale: Change<Locale>,
    /// Who you are when you talk with companions, 1 to 4,000 characters; they are told.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    persona: Change<Persona>,
}

/// `YYYY-MM-DD`.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Birthday(Date);

impl TryFrom<String> for Birthday {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let date = parse_date(&text).ok_or("must be a date, YYYY-MM-DD");
        date.map(Self)
    }
}

impl From<ProfileBody> for ProfileChange {
    fn from(body: ProfileBody) -> Self {
        Self {
            display_name: body.display_name,
            time_zone: body.time_zone,
            birthday: body.birthday.map(|birthday| birthday.0),
            pronouns: body.pronouns,
            locale: body.locale,
            persona: body.persona,
        }
    }
}

/// Change what you say of yourself
#[utoipa::path(
    operation_id = "update_profile",
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
    let user = app.update_profile.execute(caller.0, body.0.into()).await?;
    let user =
        user.ok_or_else(|| Problem::new(Code::Unauthenticated, "the account no longer exists"))?;
    Ok(HttpResponse::Ok().json(ProfileView::from(user)))
}
