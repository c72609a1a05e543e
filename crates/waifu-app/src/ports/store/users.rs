//! Accounts.

use async_trait::async_trait;
use waifu_domain::ids::UserId;
use waifu_domain::user::{User, Username};

use super::StoreError;
use crate::ports::passwords::PasswordHash;

#[async_trait]
pub trait Users: Send {
    /// `Err(Taken)` when somebody has the name; nothing is written then.
    async fn insert(&mut self, user: NewUser) -> Result<Result<(), Taken>, StoreError>;
    async fn by_id(&mut self, id: UserId) -> Result<Option<User>, StoreError>;
    async fn by_username(
        &mut self,
        name: &Username,
    ) -> Result<Option<(User, PasswordHash)>, StoreError>;

    /// As [`Users::by_id`], and nobody else can change him until the unit of work ends.
    async fn lock(&mut self, id: UserId) -> Result<Option<User>, StoreError>;

    /// Writes back what may change: display name, role, age group, time zone, birthday, suspension.
    async fn update(&mut self, user: &User) -> Result<(), StoreError>;

    async fn password(&mut self, id: UserId) -> Result<Option<PasswordHash>, StoreError>;
    async fn set_password(&mut self, id: UserId, hash: PasswordHash) -> Result<(), StoreError>;
}

#[derive(Debug, Clone)]
pub struct NewUser {
    pub user: User,
    pub password_hash: PasswordHash,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken;
