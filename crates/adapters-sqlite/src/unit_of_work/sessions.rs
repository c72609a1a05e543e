//! Sign-ins.

use async_trait::async_trait;
use waifu_app::ports::secrets::TokenHash;
use waifu_app::ports::store::{Session, Sessions, Standing, StoreError, Whose};
use waifu_domain::ids::SessionId;
use waifu_domain::timestamp::Timestamp;

use super::Repository;
use crate::rows::sessions;

#[async_trait]
impl Sessions for Repository<'_> {
    async fn insert(&mut self, session: Session) -> Result<(), StoreError> {
        self.0.run(move |c| sessions::insert(c, &session)).await
    }

    /// The unit of work is the only one that writes, so that all rows are locked.
    async fn lock_by_token(
        &mut self,
        token: TokenHash,
        family: Option<TokenHash>,
    ) -> Result<Option<Session>, StoreError> {
        self.0
            .run(move |c| sessions::by_token(c, token, family))
            .await
    }

    async fn revoke(&mut self, whose: Whose, at: Timestamp) -> Result<u64, StoreError> {
        self.0.run(move |c| sessions::revoke(c, whose, at)).await
    }

    async fn standings(
        &mut self,
        sessions: &[SessionId],
    ) -> Result<Vec<(SessionId, Standing)>, StoreError> {
        let ids = sessions.to_vec();
        self.0.run(move |c| sessions::standings(c, &ids)).await
    }

    async fn forget_expired(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.0
            .run(move |c| sessions::forget_expired(c, before, limit))
            .await
    }

    async fn update(&mut self, session: &Session) -> Result<(), StoreError> {
        let session = *session;
        self.0.run(move |c| sessions::update(c, &session)).await
    }
}
