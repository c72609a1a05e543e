//! The caller himself.

use std::sync::Arc;

use waifu_domain::user::User;

use crate::caller::SessionHolder;
use crate::ports::store::{Store, StoreError, finish};

#[derive(Debug, Clone)]
pub struct ReadProfile {
    pub store: Arc<dyn Store>,
}

impl ReadProfile {
    /// `None` when the account no longer exists.
    pub async fn execute(&self, caller: SessionHolder) -> Result<Option<User>, StoreError> {
        let mut work = self.store.snapshot().await?;
        let outcome = work.users().by_id(caller.user_id).await;
        finish(work, outcome).await
    }
}
