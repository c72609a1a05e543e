//! A new password for somebody who knows the old one. All his other sessions end: whoever knew it may have one.

use std::net::IpAddr;
use std::sync::Arc;

use super::guesses::{Account, Guesses, TooManyGuesses};
use crate::caller::SessionHolder;
use crate::identity::Identity;
use crate::ports::clock::Clock;
use crate::ports::passwords::{Password, PasswordHash, Passwords, PasswordsUnavailable};
use crate::ports::store::{Store, StoreError, StoredPassword, UnitOfWork, Whose, finish};

#[derive(Debug, Clone)]
pub struct ChangePassword {
    pub store: Arc<dyn Store>,
    pub passwords: Arc<dyn Passwords>,
    pub guesses: Guesses,
    pub clock: Arc<dyn Clock>,
    pub identity: Identity,
}

#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    #[error("the current password is wrong")]
    Wrong,
    #[error(transparent)]
    TooManyGuesses(#[from] TooManyGuesses),
    #[error(transparent)]
    Passwords(#[from] PasswordsUnavailable),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ChangePassword {
    pub async fn execute(
        &self,
        caller: SessionHolder,
        current: Password,
        new: Password,
        address: IpAddr,
    ) -> Result<(), ChangePasswordError> {
        let account = Account::Known(caller.user_id);
        let guess = self.guesses.next(account, address).await?;
        let mut work = self.store.snapshot().await?;
        let stored = work.users().password(caller.user_id).await;
        let stored = finish(work, stored).await?.map(|stored| stored.hash);
        // No connection is held while passwords are hashed, which takes long on purpose.
        let right = self.passwords.verify(current, stored.clone()).await?;
        guess.was(right);
        if !right {
            return Err(ChangePasswordError::Wrong);
        }
        let hash = self.passwords.hash(new).await?;
        let _changing = self.identity.changing();
        let mut work = self.store.begin().await?;
        let changed = self.change(&mut *work, caller, stored, hash).await;
        finish(work, changed).await
    }

    async fn change(
        &self,
        work: &mut dyn UnitOfWork,
        caller: SessionHolder,
        verified: Option<PasswordHash>,
        hash: PasswordHash,
    ) -> Result<(), ChangePasswordError> {
        work.users().lock(caller.user_id).await?;
        // Somebody else has changed it meanwhile, who knew it too.
        let stored = work.users().password(caller.user_id).await?;
        if stored.map(|stored| stored.hash) != verified {
            return Err(ChangePasswordError::Wrong);
        }
        let new = StoredPassword::for_good(hash);
        work.users().set_password(caller.user_id, new).await?;
        let others = Whose::AllBut(caller.user_id, caller.session_id);
        work.sessions().revoke(others, self.clock.now()).await?;
        Ok(())
    }
}
