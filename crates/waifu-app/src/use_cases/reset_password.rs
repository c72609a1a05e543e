//! A password from an operator for somebody who has lost his: good for one sign-in, within a day. All his sessions end.

use std::sync::Arc;

use time::Duration;
use waifu_domain::ids::UserId;
use waifu_domain::timestamp::Timestamp;

use crate::identity::Identity;
use crate::ports::clock::Clock;
use crate::ports::passwords::{Password, Passwords, PasswordsUnavailable};
use crate::ports::secrets::SecretSource;
use crate::ports::store::{Store, StoreError, StoredPassword, UnitOfWork, Whose, finish};

const GOOD_FOR: Duration = Duration::hours(24);

#[derive(Debug, Clone)]
pub struct ResetPassword {
    pub store: Arc<dyn Store>,
    pub passwords: Arc<dyn Passwords>,
    pub secrets: Arc<dyn SecretSource>,
    pub clock: Arc<dyn Clock>,
    pub identity: Identity,
}

/// To be told to its user, and to nobody else.
#[derive(Debug, Clone)]
pub struct OneTimePassword {
    pub password: Password,
    pub until: Timestamp,
}

#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    #[error("there is no such user")]
    NotThere,
    #[error(transparent)]
    Passwords(#[from] PasswordsUnavailable),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ResetPassword {
    pub async fn execute(&self, user: UserId) -> Result<OneTimePassword, ResetPasswordError> {
        let password = Password::fresh(&*self.secrets);
        let hash = self.passwords.hash(password.clone()).await?;
        let now = self.clock.now();
        let until = now.plus(GOOD_FOR);
        let stored = StoredPassword {
            hash,
            until: Some(until),
        };
        let _changing = self.identity.changing();
        let mut work = self.store.begin().await?;
        let set = set(&mut *work, user, stored, now).await;
        finish(work, set).await?;
        Ok(OneTimePassword { password, until })
    }
}

async fn set(
    work: &mut dyn UnitOfWork,
    user: UserId,
    password: StoredPassword,
    now: Timestamp,
) -> Result<(), ResetPasswordError> {
    let found = work.users().lock(user).await?;
    found.ok_or(ResetPasswordError::NotThere)?;
    work.users().set_password(user, password).await?;
    work.sessions().revoke(Whose::All(user), now).await?;
    Ok(())
}
