//! Signing in by name and password.

use std::net::IpAddr;
use std::sync::Arc;

use waifu_domain::ids::UserId;
use waifu_domain::user::Username;

use super::guesses::{Account, Guesses, TooManyGuesses};
use super::open_session::{OpenSession, SignedIn};
use crate::ports::clock::Clock;
use crate::ports::passwords::{Password, PasswordHash, Passwords, PasswordsUnavailable};
use crate::ports::store::{Store, StoreError, StoredPassword, UnitOfWork, finish};

#[derive(Debug, Clone)]
pub struct SignIn {
    pub store: Arc<dyn Store>,
    pub passwords: Arc<dyn Passwords>,
    pub guesses: Guesses,
    pub clock: Arc<dyn Clock>,
    pub open_session: OpenSession,
}

#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// No such user, or another password: which of the two is not told.
    #[error("the username or the password is wrong")]
    Wrong,
    /// Told to nobody but who knows the password.
    #[error("the account is suspended")]
    Suspended,
    #[error(transparent)]
    TooManyGuesses(#[from] TooManyGuesses),
    #[error(transparent)]
    Passwords(#[from] PasswordsUnavailable),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SignIn {
    pub async fn execute(
        &self,
        username: &Username,
        password: Password,
        address: IpAddr,
    ) -> Result<SignedIn, SignInError> {
        let account = Account::Named(username.clone());
        let guess = self.guesses.next(account, address).await?;
        let mut work = self.store.snapshot().await?;
        let found = work.users().by_username(username).await;
        let (user, hash) = finish(work, found).await?.unzip();
        // No connection is held while the password is hashed, which takes long on purpose.
        let right = self.passwords.verify(password, hash.clone()).await?;
        guess.was(right);
        let user = user.filter(|_| right).ok_or(SignInError::Wrong)?;
        let mut work = self.store.begin().await?;
        let outcome = self.open(&mut *work, user.id, hash).await;
        finish(work, outcome).await
    }

    /// If neither the password nor the account has changed while it was verified, which takes its time. A password that is
    /// good for once is so no more.
    async fn open(
        &self,
        work: &mut dyn UnitOfWork,
        user: UserId,
        verified: Option<PasswordHash>,
    ) -> Result<SignedIn, SignInError> {
        let user = work.users().lock(user).await?.ok_or(SignInError::Wrong)?;
        let now = self.clock.now();
        let stored = work.users().password(user.id).await?;
        let stored = stored.filter(|stored| Some(&stored.hash) == verified.as_ref());
        let stored = stored.filter(|stored| stored.until.is_none_or(|until| now < until));
        let stored = stored.ok_or(SignInError::Wrong)?;
        if user.suspended_at.is_some() {
            return Err(SignInError::Suspended);
        }
        let is_for_once = stored.until.is_some();
        if is_for_once {
            let spent = StoredPassword {
                until: Some(now),
                ..stored
            };
            work.users().set_password(user.id, spent).await?;
        }
        let signed_in = self.open_session.execute(work, user).await?;
        Ok(SignedIn {
            has_to_change_password: is_for_once,
            ..signed_in
        })
    }
}
