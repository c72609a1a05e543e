//! Signing out, here or everywhere.

use std::sync::Arc;

use crate::caller::SessionHolder;
use crate::identity::Identity;
use crate::ports::clock::Clock;
use crate::ports::store::{Store, StoreError, Whose, finish};

#[derive(Debug, Clone)]
pub struct EndSession {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub identity: Identity,
}

impl EndSession {
    /// The session that the caller is here with.
    pub async fn this(&self, caller: SessionHolder) -> Result<(), StoreError> {
        let this = Whose::One(caller.user_id, caller.session_id);
        self.end(this).await
    }

    /// Every session of the caller.
    pub async fn all(&self, caller: SessionHolder) -> Result<(), StoreError> {
        self.end(Whose::All(caller.user_id)).await
    }

    async fn end(&self, whose: Whose) -> Result<(), StoreError> {
        let _changing = self.identity.changing();
        let mut work = self.store.begin().await?;
        let ended = work.sessions().revoke(whose, self.clock.now()).await;
        finish(work, ended).await.map(|_| ())
    }
}
