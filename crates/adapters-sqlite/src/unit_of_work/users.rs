//! Accounts.

use async_trait::async_trait;
use waifu_app::ports::passwords::PasswordHash;
use waifu_app::ports::store::{NewUser, StoreError, StoredPassword, Taken, Users};
use waifu_domain::ids::UserId;
use waifu_domain::user::{User, Username};

use super::Repository;
use crate::rows::users;

#[async_trait]
impl Users for Repository<'_> {
    async fn insert(&mut self, user: NewUser) -> Result<Result<(), Taken>, StoreError> {
        self.0.run(move |c| users::insert(c, &user)).await
    }

    async fn by_id(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        self.0.run(move |c| users::by_id(c, id)).await
    }

    async fn by_username(
        &mut self,
        name: &Username,
    ) -> Result<Option<(User, PasswordHash)>, StoreError> {
        let name = name.clone();
        self.0.run(move |c| users::by_username(c, &name)).await
    }

    /// The unit of work is the only one that writes, so that all rows are locked.
    async fn lock(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        self.0.run(move |c| users::by_id(c, id)).await
    }

    async fn update(&mut self, user: &User) -> Result<(), StoreError> {
        let user = user.clone();
        self.0.run(move |c| users::update(c, &user)).await
    }

    async fn page(&mut self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, StoreError> {
        self.0.run(move |c| users::page(c, after, limit)).await
    }

    async fn password(&mut self, id: UserId) -> Result<Option<StoredPassword>, StoreError> {
        self.0.run(move |c| users::password(c, id)).await
    }

    async fn set_password(
        &mut self,
        id: UserId,
        password: StoredPassword,
    ) -> Result<(), StoreError> {
        self.0
            .run(move |c| users::set_password(c, id, password))
            .await
    }
}
