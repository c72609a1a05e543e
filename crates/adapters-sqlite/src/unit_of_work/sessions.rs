//! Sign-ins.

use async_trait::async_trait;
use waifu_app::ports::secrets::TokenHash;
use waifu_app::ports::store::{Session, Sessions, StoreError, TokenMatch};

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
    ) -> Result<Option<(Session, TokenMatch)>, StoreError> {
        self.0.run(move |c| sessions::by_token(c, token)).await
    }

    async fn update(&mut self, session: &Session) -> Result<(), StoreError> {
        let session = *session;
        self.0.run(move |c| sessions::update(c, &session)).await
    }
}
