//! What the caller says of himself.

use std::sync::Arc;

use time::Date;
use waifu_domain::time_zone::TimeZone;
use waifu_domain::user::{AgeGroup, DisplayName, User};

use crate::caller::SessionHolder;
use crate::ports::clock::Clock;
use crate::ports::store::{Store, StoreError, UnitOfWork, finish};

#[derive(Debug, Clone)]
pub struct UpdateProfile {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
}

/// What is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    pub display_name: Option<DisplayName>,
    pub time_zone: Option<TimeZone>,
    pub birthday: BirthdayChange,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BirthdayChange {
    #[default]
    Keep,
    Forget,
    Set(Date),
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
        if let Some(display_name) = change.display_name {
            user.display_name = display_name;
        }
        if let Some(time_zone) = change.time_zone {
            user.time_zone = time_zone;
        }
        match change.birthday {
            BirthdayChange::Keep => {}
            BirthdayChange::Forget => user.birthday = None,
            BirthdayChange::Set(birthday) => user.birthday = Some(birthday),
        }
        let today = user.time_zone.date_of(self.clock.now());
        let lives =
            |birthday: Date| birthday <= today && today.year() - birthday.year() <= LONGEST_LIFE;
        if matches!(change.birthday, BirthdayChange::Set(birthday) if !lives(birthday)) {
            return Err(UpdateProfileError::NotABirthday);
        }
        let is_minor = user
            .birthday
            .is_some_and(|birthday| AgeGroup::of(birthday, today) == AgeGroup::Minor);
        if is_minor {
            user.age_group = AgeGroup::Minor;
        }
        work.users().update(&user).await?;
        Ok(Some(user))
    }
}
