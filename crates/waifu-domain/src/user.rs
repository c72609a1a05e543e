//! The people: who signs in, and what the rules need to know of him.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::Date;

use crate::bounded::Text;
use crate::ids::UserId;
use crate::locale::Locale;
use crate::time_zone::TimeZone;
use crate::timestamp::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub username: Username,
    pub display_name: DisplayName,
    pub role: Role,
    pub age_group: AgeGroup,
    pub time_zone: TimeZone,
    pub birthday: Option<Date>,
    pub pronouns: Option<Pronouns>,
    pub locale: Option<Locale>,
    pub persona: Option<Persona>,
    pub created_at: Timestamp,
    /// Since when he is kept out.
    pub suspended_at: Option<Timestamp>,
}

impl User {
    /// Somebody new, of whom nothing else is known.
    pub fn new(id: UserId, username: Username, created_at: Timestamp) -> Self {
        Self {
            id,
            display_name: DisplayName::from(&username),
            username,
            role: Role::User,
            age_group: AgeGroup::Adult,
            time_zone: TimeZone::utc(),
            birthday: None,
            pronouns: None,
            locale: None,
            persona: None,
            created_at,
            suspended_at: None,
        }
    }

    /// By what he has told of his birthday.
    pub fn is_minor_by_birthday(&self, now: Timestamp) -> bool {
        let today = self.time_zone.date_of(now);
        let birthday = self.birthday;
        birthday.is_some_and(|birthday| AgeGroup::of(birthday, today) == AgeGroup::Minor)
    }

    /// What the rules need to know of him.
    pub fn person(&self) -> Person {
        Person {
            age_group: self.age_group,
            time_zone: self.time_zone.clone(),
            birthday: self.birthday,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    User,
    Operator,
}

/// In years.
const ADULT_AT: i32 = 18;

/// For a minor gates stay shut and absence costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgeGroup {
    Adult,
    Minor,
}

impl AgeGroup {
    /// Of somebody born on that day.
    pub fn of(birthday: Date, today: Date) -> Self {
        let years = today.year() - birthday.year();
        let day = |date: Date| (u8::from(date.month()), date.day());
        let had_birthday = day(today) >= day(birthday);
        if years - i32::from(!had_birthday) < ADULT_AT {
            Self::Minor
        } else {
            Self::Adult
        }
    }
}

/// What the judge is told of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub age_group: AgeGroup,
    /// Birthdays and calendar days are days here.
    pub time_zone: TimeZone,
    pub birthday: Option<Date>,
}

impl Person {
    /// A grown-up of whom nothing else is known.
    pub fn adult() -> Self {
        Self {
            age_group: AgeGroup::Adult,
            time_zone: TimeZone::utc(),
            birthday: None,
        }
    }
}

/// Such as `they/them`.
pub type Pronouns = Text<40>;

/// Who he is when he talks with companions, in his own words.
pub type Persona = Text<4_000>;

/// How somebody introduces himself to companions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introduction {
    pub name: DisplayName,
    pub pronouns: Option<Pronouns>,
    pub persona: Option<Persona>,
}

impl From<User> for Introduction {
    fn from(user: User) -> Self {
        Self {
            name: user.display_name,
            pronouns: user.pronouns,
            persona: user.persona,
        }
    }
}

impl From<DisplayName> for Introduction {
    /// Of whom nothing but the name is known.
    fn from(name: DisplayName) -> Self {
        Self {
            name,
            pronouns: None,
            persona: None,
        }
    }
}

/// 3 to 32 of `a-z`, `0-9`, `_` and `-`; capitals are taken as small letters, so that two people can't hold
/// names that look alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Username(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 3 to 32 of a-z, 0-9, _ and -")]
pub struct NotAUsername;

impl Username {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Username {
    type Error = NotAUsername;

    fn try_from(text: String) -> Result<Self, NotAUsername> {
        let text = text.to_ascii_lowercase();
        let allowed =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        if (3..=32).contains(&text.len()) && text.chars().all(allowed) {
            Ok(Self(text))
        } else {
            Err(NotAUsername)
        }
    }
}

impl FromStr for Username {
    type Err = NotAUsername;

    fn from_str(text: &str) -> Result<Self, NotAUsername> {
        text.to_owned().try_into()
    }
}

impl From<Username> for String {
    fn from(name: Username) -> Self {
        name.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// 1 to 80 characters on one line, without spaces around them: how a user or a companion is called.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DisplayName(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 80 characters without line breaks or other control characters")]
pub struct NotADisplayName;

impl DisplayName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DisplayName {
    type Error = NotADisplayName;

    fn try_from(text: String) -> Result<Self, NotADisplayName> {
        let trimmed = text.trim();
        if (1..=80).contains(&trimmed.chars().count()) && !trimmed.chars().any(char::is_control) {
            Ok(Self(trimmed.to_owned()))
        } else {
            Err(NotADisplayName)
        }
    }
}

impl From<DisplayName> for String {
    fn from(name: DisplayName) -> Self {
        name.0
    }
}

impl From<&Username> for DisplayName {
    fn from(name: &Username) -> Self {
        Self(name.0.clone())
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
