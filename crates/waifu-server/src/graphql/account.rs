//! The account of whoever asks. No API key reaches it.

use juniper::{GraphQLInputObject, GraphQLObject, Nullable};
use serde_json::{Map, Value};
use waifu_app::ports::passwords::Password;
use waifu_app::ports::rate_limits::RequestClass;
use waifu_app::use_cases::ChangePasswordError;
use waifu_domain::user::User;

use super::Context;
use super::mutation::{UserError, invalid};
use super::objects::UserObject;
use crate::problem::{Code, Problem};
use crate::rest::body::parse_value;
use crate::rest::me::update::ProfileBody;

/// What is left out stays as it is; null forgets.
#[derive(Debug, GraphQLInputObject)]
pub struct UpdateProfileInput {
    /// 1 to 80 characters on one line; null: your username.
    display_name: Nullable<String>,
    /// The name of an IANA time zone: where your days begin; null: UTC.
    time_zone: Nullable<String>,
    /// `YYYY-MM-DD`.
    birthday: Nullable<String>,
    /// 1 to 40 characters; companions are told.
    pronouns: Nullable<String>,
    /// A BCP 47 language tag.
    locale: Nullable<String>,
    /// Who you are when you talk with companions, 1 to 4,000 characters; they are told.
    persona: Nullable<String>,
}

// No `Debug`: it holds secrets in clear.
#[derive(GraphQLInputObject)]
pub struct ChangePasswordInput {
    current_password: String,
    /// 8 to 256 characters.
    new_password: String,
}

/// You as you are now, or what was wrong.
#[derive(Debug, Default, GraphQLObject)]
#[graphql(context = Context)]
pub struct ProfilePayload {
    user: Option<UserObject>,
    errors: Vec<UserError>,
}

/// Done, or what was wrong.
#[derive(Debug, Default, GraphQLObject)]
#[graphql(context = Context)]
pub struct DonePayload {
    errors: Vec<UserError>,
}

pub async fn me(context: &Context) -> Result<User, Problem> {
    let user = context
        .app
        .read_profile
        .execute(context.session(RequestClass::Read).await?)
        .await?;
    user.ok_or_else(gone)
}

pub async fn update_profile(context: &Context, input: UpdateProfileInput) -> Result<User, Problem> {
    let session = context.session(RequestClass::Write).await?;
    let told = [
        ("display_name", input.display_name),
        ("time_zone", input.time_zone),
        ("birthday", input.birthday),
        ("pronouns", input.pronouns),
        ("locale", input.locale),
        ("persona", input.persona),
    ];
    let field = |(name, value): (&str, Nullable<String>)| {
        let value = match value {
            Nullable::ImplicitNull => return None,
            Nullable::ExplicitNull => Value::Null,
            Nullable::Some(text) => text.into(),
        };
        Some((name.to_owned(), value))
    };
    let fields: Map<String, Value> = told.into_iter().filter_map(field).collect();
    let body: ProfileBody = parse_value(Value::Object(fields))?;
    let user = context
        .app
        .update_profile
        .execute(session, body.into())
        .await?;
    user.ok_or_else(gone)
}

fn gone() -> Problem {
    Problem::new(Code::Unauthenticated, "the account no longer exists")
}

pub async fn change_password(context: &Context, input: ChangePasswordInput) -> Result<(), Problem> {
    let session = context.session(RequestClass::Auth).await?;
    let new = Password::try_from(input.new_password)
        .map_err(|error| invalid("newPassword", error.to_string()))?;
    // What can't be a password is not the current one.
    let current =
        Password::try_from(input.current_password).map_err(|_| ChangePasswordError::Wrong)?;
    let change = &context.app.change_password;
    Ok(change
        .execute(session, current, new, context.address)
        .await?)
}

pub async fn log_out(context: &Context) -> Result<(), Problem> {
    Ok(context
        .app
        .end_session
        .this(context.session(RequestClass::Auth).await?)
        .await?)
}

pub async fn log_out_everywhere(context: &Context) -> Result<(), Problem> {
    Ok(context
        .app
        .end_session
        .all(context.session(RequestClass::Auth).await?)
        .await?)
}

pub async fn erase(context: &Context) -> Result<(), Problem> {
    let user = context.session(RequestClass::Write).await?.user_id;
    context.app.erase_user.execute(user).await?;
    Ok(())
}

impl From<Result<User, Problem>> for ProfilePayload {
    fn from(outcome: Result<User, Problem>) -> Self {
        match outcome {
            Ok(user) => Self {
                user: Some(user.into()),
                errors: Vec::new(),
            },
            Err(problem) => Self {
                user: None,
                errors: vec![problem.into()],
            },
        }
    }
}

impl From<Result<(), Problem>> for DonePayload {
    fn from(outcome: Result<(), Problem>) -> Self {
        Self {
            errors: outcome.err().into_iter().map(Into::into).collect(),
        }
    }
}
