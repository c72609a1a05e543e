//! The accounts, as operators see them.

pub mod erase;
pub mod get;
pub mod list;
pub mod minor;
pub mod reset;
pub mod suspend;

use serde::Serialize;
use utoipa::ToSchema;
use waifu_app::caller::Caller;
use waifu_domain::ids::UserId;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::user::{AgeGroup, User};

use crate::problem::{Code, Problem};
use crate::rest::views::UserView;

/// An account. What its user says of himself to companions is his own.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountView {
    #[serde(flatten)]
    user: UserView,
    /// `adult` or `minor`.
    #[schema(value_type = String)]
    age_group: AgeGroup,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Since when he is kept out.
    #[schema(value_type = Option<String>, format = DateTime)]
    suspended_at: Option<Timestamp>,
}

impl From<User> for AccountView {
    fn from(user: User) -> Self {
        Self {
            age_group: user.age_group,
            created_at: user.created_at,
            suspended_at: user.suspended_at,
            user: user.into(),
        }
    }
}

/// What would lock an operator out he can't do to himself.
pub fn somebody_else(operator: Caller, user: UserId) -> Result<UserId, Problem> {
    if operator.user_id == user {
        let detail = "an operator can't do this to himself";
        Err(Problem::new(Code::Forbidden, detail))
    } else {
        Ok(user)
    }
}

pub fn no_such_user() -> Problem {
    Problem::new(Code::NotFound, "there is no such user")
}
