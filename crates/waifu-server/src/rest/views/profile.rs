//! The caller himself, as he sees himself.

use serde::Serialize;
use time::Date;
use time::macros::format_description;
use utoipa::ToSchema;
use waifu_domain::user::User;

use super::UserView;

#[derive(Debug, Serialize, ToSchema)]
pub struct ProfileView {
    #[serde(flatten)]
    user: UserView,
    /// Where your days begin.
    #[schema(example = "Europe/Berlin")]
    time_zone: String,
    #[schema(value_type = Option<String>, format = Date)]
    birthday: Option<String>,
    pronouns: Option<String>,
    /// A BCP 47 language tag.
    #[schema(example = "pt-BR")]
    locale: Option<String>,
    /// Who you are when you talk with companions.
    persona: Option<String>,
}

impl From<User> for ProfileView {
    fn from(user: User) -> Self {
        Self {
            time_zone: user.time_zone.to_string(),
            birthday: user.birthday.map(|date| date.to_string()),
            pronouns: user.pronouns.clone().map(Into::into),
            locale: user.locale.clone().map(Into::into),
            persona: user.persona.clone().map(Into::into),
            user: user.into(),
        }
    }
}

/// `YYYY-MM-DD`.
pub fn parse_date(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}
