//! Passwords under argon2id (19 MiB, 2 passes, 1 lane), on blocking threads and only so many at once.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use tokio::sync::Semaphore;
use waifu_app::ports::passwords::{Password, PasswordHash, Passwords, PasswordsUnavailable};

/// Each takes 19 MiB and a core for some milliseconds.
const AT_ONCE: usize = 2;
/// So many more may wait, which is a few seconds' work.
const WAITING: usize = 64;

#[derive(Debug)]
pub struct Argon2Passwords {
    places: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    /// Of a password that nobody has: what an unknown user's is verified against.
    nobody: PasswordHash,
}

impl Argon2Passwords {
    pub fn new() -> Self {
        let nobody = hash(&crate::system::random_bits()).expect("random bits can be hashed");
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE)),
            queue: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
            nobody,
        }
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordsUnavailable> + Send + 'static,
    ) -> Result<T, PasswordsUnavailable> {
        let queued = Arc::clone(&self.queue)
            .try_acquire_owned()
            .map_err(|_| PasswordsUnavailable::Busy)?;
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|error| PasswordsUnavailable::Failed(error.into()))?;
        let work = tokio::task::spawn_blocking(move || {
            // Held by the work itself, which goes on when whoever asked is gone.
            let _places = (queued, place);
            work()
        });
        work.await
            .map_err(|error| PasswordsUnavailable::Failed(error.into()))?
    }
}

#[async_trait]
impl Passwords for Argon2Passwords {
    async fn hash(&self, password: Password) -> Result<PasswordHash, PasswordsUnavailable> {
        self.work(move || hash(password.as_bytes())).await
    }

    async fn verify(
        &self,
        password: Password,
        stored: Option<PasswordHash>,
    ) -> Result<bool, PasswordsUnavailable> {
        // An account that no password fits holds what is no hash: it is treated like nobody's.
        let stored = stored.filter(|hash| Phc::new(&hash.0).is_ok());
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.clone());
        let right = self
            .work(move || {
                let stored = Phc::new(&stored.0).expect("it was parsed a moment ago");
                Ok(argon2id()
                    .verify_password(password.as_bytes(), &stored)
                    .is_ok())
            })
            .await?;
        Ok(known && right)
    }
}

fn argon2id() -> Argon2<'static> {
    let params =
        Params::new(19 * 1024, 2, 1, None).expect("these are argon2's own recommendations");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &[u8]) -> Result<PasswordHash, PasswordsUnavailable> {
    argon2id()
        .hash_password(password)
        .map(|hash| PasswordHash(hash.to_string()))
        .map_err(|error| PasswordsUnavailable::Failed(error.to_string().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_a_known_user_is_right() {
        let passwords = Argon2Passwords::new();
        let password = |text: &str| Password::try_from(text.to_owned()).unwrap();
        let hash = passwords.hash(password("correct horse")).await.unwrap();
        assert!(
            hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            hash.0
        );
        assert!(
            passwords
                .verify(password("correct horse"), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify(password("battery staple"), Some(hash))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify(password("correct horse"), None)
                .await
                .unwrap()
        );
        let no_password = Some(PasswordHash("!".to_owned()));
        assert!(
            !passwords
                .verify(password("correct horse"), no_password)
                .await
                .unwrap()
        );
    }
}
