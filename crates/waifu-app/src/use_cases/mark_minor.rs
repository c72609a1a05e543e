//! An operator's word on whether somebody is a minor.

use std::sync::Arc;

use waifu_domain::ids::UserId;
use waifu_domain::user::{AgeGroup, User};

use crate::ports::clock::Clock;
use crate::ports::store::{Store, StoreError, UnitOfWork, finish};

#[derive(Debug, Clone)]
pub struct MarkMinor {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, thiserror::Error)]
pub enum MarkMinorError {
    #[error("there is no such user")]
    NotThere,
    /// Of whom it is to be said that he is an adult.
    #[error("by the birthday that the user has told, the user is a minor")]
    BornTooLate,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MarkMinor {
    pub async fn execute(&self, user: UserId, age_group: AgeGroup) -> Result<User, MarkMinorError> {
        let mut work = self.store.begin().await?;
        let marked = self.mark(&mut *work, user, age_group).await;
        finish(work, marked).await
    }

    async fn mark(
        &self,
        work: &mut dyn UnitOfWork,
        user: UserId,
        age_group: AgeGroup,
    ) -> Result<User, MarkMinorError> {
        let found = work.users().lock(user).await?;
        let mut user = found.ok_or(MarkMinorError::NotThere)?;
        let is_minor = user.is_minor_by_birthday(self.clock.now());
        if age_group == AgeGroup::Adult && is_minor {
            return Err(MarkMinorError::BornTooLate);
        }
        user.age_group = age_group;
        work.users().update(&user).await?;
        Ok(user)
    }
}
