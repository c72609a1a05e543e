//! Accounts.

use async_trait::async_trait;
use waifu_domain::ids::UserId;
use waifu_domain::timestamp::Timestamp;
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

    /// Those after `after`, in the order of their ids, at most `limit`.
    async fn page(&mut self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, StoreError>;

    async fn password(&mut self, id: UserId) -> Result<Option<StoredPassword>, StoreError>;
    async fn set_password(
        &mut self,
        id: UserId,
        password: StoredPassword,
    ) -> Result<(), StoreError>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPassword {
    pub hash: PasswordHash,
    /// From then on nobody gets in with it; `None`: it is good until it is changed.
    pub until: Option<Timestamp>,
}

impl StoredPassword {
    pub fn for_good(hash: PasswordHash) -> Self {
        Self { hash, until: None }
    }
}

#[derive(Debug, Clone)]
pub struct NewUser {
    pub user: User,
    pub password_hash: PasswordHash,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken;
