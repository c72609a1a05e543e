//! `POST /auth/register`

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;
use waifu_app::ports::passwords::Password;
use waifu_app::use_cases::Registration;
use waifu_domain::user::{DisplayName, Username};

use super::TokensView;
use crate::app::App;
use crate::problem::{FieldError, Problem, ProblemDocument};
use crate::rest::body::Body;

// No `Debug`: it holds a secret in clear.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RegisterBody {
    /// 3 to 32 of a-z, 0-9, _ and -; capitals count as small letters.
    #[schema(
        min_length = 3,
        max_length = 32,
        pattern = "^[A-Za-z0-9_-]+$",
        example = "ann"
    )]
    username: String,
    #[schema(min_length = 8, max_length = 256)]
    password: String,
    /// The username unless told.
    #[schema(min_length = 1, max_length = 80)]
    display_name: Option<String>,
}

/// Make an account
///
/// Signs the new user in at once.
#[utoipa::path(
    tag = "auth",
    request_body = RegisterBody,
    responses(
        (status = 201, description = "the account, signed in", body = TokensView),
        (status = 409, description = "`name_taken`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "`store_unavailable`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/register")]
pub async fn register(
    app: web::Data<App>,
    body: Body<RegisterBody>,
) -> Result<HttpResponse, Problem> {
    let registration = parse(body.0)?;
    let signed_in = app.register.execute(registration).await?;
    Ok(HttpResponse::Created().json(TokensView::from(signed_in)))
}

/// All that is wrong at once.
fn parse(body: RegisterBody) -> Result<Registration, Problem> {
    let username = Username::try_from(body.username)
        .map_err(|error| FieldError::body("/username", error.to_string()));
    let password = Password::try_from(body.password)
        .map_err(|error| FieldError::body("/password", error.to_string()));
    let display_name = body
        .display_name
        .map(DisplayName::try_from)
        .transpose()
        .map_err(|error| FieldError::body("/display_name", error.to_string()));
    match (username, password, display_name) {
        (Ok(username), Ok(password), Ok(display_name)) => Ok(Registration {
            username,
            password,
            display_name,
        }),
        (username, password, display_name) => Err(Problem::invalid(
            [username.err(), password.err(), display_name.err()]
                .into_iter()
                .flatten()
                .collect(),
        )),
    }
}
