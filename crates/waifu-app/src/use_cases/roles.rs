//! Who is an operator.

use std::sync::Arc;

use waifu_domain::ids::UserId;
use waifu_domain::user::{Role, User, Username};

use crate::ports::store::{Store, StoreError, UnitOfWork, finish};

#[derive(Debug, Clone)]
pub struct Roles {
    pub store: Arc<dyn Store>,
}

impl Roles {
    /// `None`: no such user. A role that he has already stays.
    pub async fn set(&self, name: &Username, role: Role) -> Result<Option<User>, StoreError> {
        let mut work = self.store.begin().await?;
        let outcome = set(&mut *work, name, role).await;
        finish(work, outcome).await
    }

    /// As it is stored, not as a token remembers it.
    pub async fn is_operator(&self, user: UserId) -> Result<bool, StoreError> {
        let mut work = self.store.snapshot().await?;
        let user = work.users().by_id(user).await;
        let user = finish(work, user).await?;
        Ok(user.is_some_and(|user| user.role == Role::Operator))
    }
}

async fn set(
    work: &mut dyn UnitOfWork,
    name: &Username,
    role: Role,
) -> Result<Option<User>, StoreError> {
    let Some((found, _)) = work.users().by_username(name).await? else {
        return Ok(None);
    };
    let Some(mut user) = work.users().lock(found.id).await? else {
        return Ok(None);
    };
    user.role = role;
    work.users().update(&user).await?;
    Ok(Some(user))
}
