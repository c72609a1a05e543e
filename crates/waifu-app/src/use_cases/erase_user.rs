//! The end of an account and of all that is its user's.

use std::sync::Arc;

use waifu_domain::ids::UserId;

use crate::identity::Identity;
use crate::ports::clock::Clock;
use crate::ports::store::{Store, StoreError, finish};

/// Others write to the same rows, and the store may choose to end this one for them.
const ATTEMPTS: u32 = 3;

#[derive(Debug, Clone)]
pub struct EraseUser {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub identity: Identity,
}

impl EraseUser {
    /// Whether there was such a user. It can't be taken back; his sockets are closed by whoever looks whether they stand.
    pub async fn execute(&self, user: UserId) -> Result<bool, StoreError> {
        let _changing = self.identity.changing();
        let mut may_be_done = false;
        for _ in 1..ATTEMPTS {
            match self.erase(user).await {
                // The answer of its commit may have been lost.
                Err(StoreError::Unavailable(_)) => may_be_done = true,
                Ok(was_there) => return Ok(was_there || may_be_done),
                Err(error) => return Err(error),
            }
        }
        Ok(self.erase(user).await? || may_be_done)
    }

    async fn erase(&self, user: UserId) -> Result<bool, StoreError> {
        let mut work = self.store.begin().await?;
        let erased = work.personal_data().erase(user, self.clock.now()).await;
        finish(work, erased).await
    }
}
