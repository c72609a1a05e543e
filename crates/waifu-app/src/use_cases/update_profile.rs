//! What the caller says of himself.

use std::sync::Arc;

use serde::{Deserialize, Deserializer};
use time::Date;
use waifu_domain::locale::Locale;
use waifu_domain::time_zone::TimeZone;
use waifu_domain::user::{AgeGroup, DisplayName, Persona, Pronouns, User};

use crate::caller::SessionHolder;
use crate::ports::clock::Clock;
use crate::ports::store::{Store, StoreError, UnitOfWork, finish};

#[derive(Debug, Clone)]
pub struct UpdateProfile {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// Forgotten: the username.
    pub display_name: Change<DisplayName>,
    /// Forgotten: UTC.
    pub time_zone: Change<TimeZone>,
    pub birthday: Change<Date>,
    pub pronouns: Change<Pronouns>,
    pub locale: Change<Locale>,
    pub persona: Change<Persona>,
}

/// What becomes of a value. Read from a document: null forgets it, and what is left out is kept (by `serde(default)`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Change<T> {
    #[default]
    Keep,
    Forget,
    Set(T),
}

impl<T> Change<T> {
    pub fn map<U>(self, of: impl FnOnce(T) -> U) -> Change<U> {
        match self {
            Self::Keep => Change::Keep,
            Self::Forget => Change::Forget,
            Self::Set(value) => Change::Set(of(value)),
        }
    }

    fn apply(self, to: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Forget => *to = None,
            Self::Set(value) => *to = Some(value),
        }
    }

    fn apply_or(self, to: &mut T, forgotten: impl FnOnce() -> T) {
        match self {
            Self::Keep => {}
            Self::Forget => *to = forgotten(),
            Self::Set(value) => *to = value,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let told = Option::deserialize(deserializer)?;
        Ok(told.map_or(Self::Forget, Self::Set))
    }
}

#[derive(Debug, thiserror::Error)]
pub enum UpdateProfileError {
    #[error("must be a day of the last {LONGEST_LIFE} years")]
    NotABirthday,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// In years.
const LONGEST_LIFE: i32 = 130;

impl UpdateProfile {
    /// `None` when the account no longer exists. Who says that he is a minor is marked as one, and another birthday
    /// does not clear the mark.
    pub async fn execute(
        &self,
        holder: SessionHolder,
        change: ProfileChange,
    ) -> Result<Option<User>, UpdateProfileError> {
        let mut work = self.store.begin().await?;
        let outcome = self.update(&mut *work, holder, change).await;
        finish(work, outcome).await
    }

    async fn update(
        &self,
        work: &mut dyn UnitOfWork,
        holder: SessionHolder,
        change: ProfileChange,
    ) -> Result<Option<User>, UpdateProfileError> {
        let Some(mut user) = work.users().lock(holder.user_id).await? else {
            return Ok(None);
        };
        let name = DisplayName::from(&user.username);
        change
            .display_name
            .apply_or(&mut user.display_name, || name);
        change
            .time_zone
            .apply_or(&mut user.time_zone, TimeZone::utc);
        change.birthday.apply(&mut user.birthday);
        change.pronouns.apply(&mut user.pronouns);
        change.locale.apply(&mut user.locale);
        change.persona.apply(&mut user.persona);
        let now = self.clock.now();
        let today = user.time_zone.date_of(now);
        let lives =
            |birthday: Date| birthday <= today && today.year() - birthday.year() <= LONGEST_LIFE;
        if matches!(change.birthday, Change::Set(birthday) if !lives(birthday)) {
            return Err(UpdateProfileError::NotABirthday);
        }
        if user.is_minor_by_birthday(now) {
            user.age_group = AgeGroup::Minor;
        }
        work.users().update(&user).await?;
        Ok(Some(user))
    }
}
