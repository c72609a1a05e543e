//! Signing up, in, and on.

pub mod login;
pub mod logout;
pub mod password;
pub mod refresh;
pub mod register;

use serde::Serialize;
use utoipa::ToSchema;
use waifu_app::use_cases::SignedIn;

use super::views::UserView;

/// Tokens for a session.
// No `Debug`: it holds secrets in clear.
#[derive(Serialize, ToSchema)]
pub struct TokensView {
    /// Goes into `Authorization: Bearer …`.
    pub access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token expires.
    expires_in: i64,
    /// Buys the next pair of tokens, once.
    refresh_token: String,
    user: UserView,
    /// You got in with a password that is good for once: set another one before the session ends.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    has_to_change_password: bool,
}

impl From<SignedIn> for TokensView {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            access_token: signed_in.access_token,
            token_type: "Bearer",
            expires_in: signed_in.access_token_lifetime.whole_seconds(),
            refresh_token: signed_in.refresh_token.reveal().to_owned(),
            user: signed_in.user.into(),
            has_to_change_password: signed_in.has_to_change_password,
        }
    }
}
