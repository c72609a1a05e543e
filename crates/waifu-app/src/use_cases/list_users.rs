//! The accounts, for operators.

use std::sync::Arc;

use waifu_domain::ids::UserId;
use waifu_domain::user::{User, Username};

use super::page::{Page, PageLimit};
use crate::ports::store::{Store, StoreError, finish};

#[derive(Debug, Clone)]
pub struct ListUsers {
    pub store: Arc<dyn Store>,
}

impl ListUsers {
    /// Oldest first.
    pub async fn page(
        &self,
        after: Option<UserId>,
        limit: PageLimit,
    ) -> Result<Page<User, UserId>, StoreError> {
        let mut work = self.store.snapshot().await?;
        let to_ask = Page::<User, UserId>::to_ask(limit);
        let users = work.users().page(after, to_ask).await;
        let users = finish(work, users).await?;
        Ok(Page::cut(users, limit, |user| user.id))
    }

    pub async fn named(&self, name: &Username) -> Result<Option<User>, StoreError> {
        let mut work = self.store.snapshot().await?;
        let found = work.users().by_username(name).await;
        let found = finish(work, found).await?;
        Ok(found.map(|(user, _)| user))
    }

    pub async fn by_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let mut work = self.store.snapshot().await?;
        let found = work.users().by_id(id).await;
        finish(work, found).await
    }
}
