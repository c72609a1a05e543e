//! Keeping somebody out, and letting him in again.

use std::sync::Arc;

use waifu_domain::ids::UserId;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::user::User;

use crate::identity::Identity;
use crate::ports::clock::Clock;
use crate::ports::store::{Store, StoreError, UnitOfWork, finish};

#[derive(Debug, Clone)]
pub struct SuspendUser {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub identity: Identity,
}

impl SuspendUser {
    /// `None`: no such user. One who is suspended stays so, since when he was.
    pub async fn suspend(&self, user: UserId) -> Result<Option<User>, StoreError> {
        let now = self.clock.now();
        self.set(user, |since| since.or(Some(now))).await
    }

    /// His sessions stand again as well. `None`: no such user.
    pub async fn restore(&self, user: UserId) -> Result<Option<User>, StoreError> {
        self.set(user, |_| None).await
    }

    async fn set(
        &self,
        user: UserId,
        since: impl FnOnce(Option<Timestamp>) -> Option<Timestamp> + Send,
    ) -> Result<Option<User>, StoreError> {
        let _changing = self.identity.changing();
        let mut work = self.store.begin().await?;
        let changed = set(&mut *work, user, since).await;
        finish(work, changed).await
    }
}

async fn set(
    work: &mut dyn UnitOfWork,
    user: UserId,
    since: impl FnOnce(Option<Timestamp>) -> Option<Timestamp> + Send,
) -> Result<Option<User>, StoreError> {
    let Some(mut user) = work.users().lock(user).await? else {
        return Ok(None);
    };
    user.suspended_at = since(user.suspended_at);
    work.users().update(&user).await?;
    Ok(Some(user))
}
