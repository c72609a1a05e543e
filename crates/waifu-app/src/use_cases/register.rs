//! A new account, signed in at once.

use std::sync::Arc;

use waifu_domain::user::{DisplayName, User, Username};

use super::open_session::{OpenSession, SignedIn};
use crate::ports::clock::Clock;
use crate::ports::ids::IdSource;
use crate::ports::passwords::{Password, Passwords, PasswordsUnavailable};
use crate::ports::store::{NewUser, Store, StoreError, Taken, UnitOfWork, finish};

#[derive(Debug, Clone)]
pub struct Register {
    pub store: Arc<dyn Store>,
    pub passwords: Arc<dyn Passwords>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub open_session: OpenSession,
}

#[derive(Debug, Clone)]
pub struct Registration {
    pub username: Username,
    pub password: Password,
    /// `None`: the username.
    pub display_name: Option<DisplayName>,
}

#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error("the username is taken")]
    NameTaken,
    #[error(transparent)]
    Passwords(#[from] PasswordsUnavailable),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Register {
    pub async fn execute(&self, registration: Registration) -> Result<SignedIn, RegisterError> {
        let password_hash = self.passwords.hash(registration.password).await?;
        let (id, now) = (self.ids.fresh(), self.clock.now());
        let mut user = User::new(id, registration.username, now);
        if let Some(display_name) = registration.display_name {
            user.display_name = display_name;
        }
        let mut work = self.store.begin().await?;
        let outcome = self
            .insert(
                &mut *work,
                NewUser {
                    user,
                    password_hash,
                },
            )
            .await;
        finish(work, outcome).await
    }

    async fn insert(
        &self,
        work: &mut dyn UnitOfWork,
        new: NewUser,
    ) -> Result<SignedIn, RegisterError> {
        let user = new.user.clone();
        if work.users().insert(new).await? == Err(Taken) {
            return Err(RegisterError::NameTaken);
        }
        Ok(self.open_session.execute(work, user).await?)
    }
}
