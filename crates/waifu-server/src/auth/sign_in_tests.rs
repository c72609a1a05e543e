//! An answer's time must not tell whether somebody exists: whoever asks, one password is verified.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use adapters_sqlite::{SqliteOptions, SqliteStore};
use async_trait::async_trait;
use time::Duration;
use waifu_app::ports::passwords::{Password, PasswordHash, Passwords, PasswordsUnavailable};
use waifu_app::ports::store::Store;
use waifu_app::use_cases::{Guesses, OpenSession, Register, Registration, SignIn, SignInError};
use waifu_domain::user::Username;

use super::access_tokens::JwtAccessTokens;
use super::passwords::Argon2Passwords;
use super::secret_key::SecretKey;
use crate::system::{RandomSecrets, SystemClock, TimeOrderedIds};

#[derive(Debug)]
struct Counted {
    passwords: Argon2Passwords,
    verified: AtomicUsize,
}

#[async_trait]
impl Passwords for Counted {
    async fn hash(&self, password: Password) -> Result<PasswordHash, PasswordsUnavailable> {
        self.passwords.hash(password).await
    }

    async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<bool, PasswordsUnavailable> {
        self.verified.fetch_add(1, Ordering::Relaxed);
        self.passwords.verify(password, hash).await
    }
}

fn password(text: &str) -> Password {
    Password::try_from(text.to_owned()).expect("a password")
}

fn name(text: &str) -> Username {
    Username::try_from(text.to_owned()).expect("a name")
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_cost_one_verification_each() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions::new(folder.path().join("test.db").to_str().unwrap());
    let opened = tokio::task::spawn_blocking(move || SqliteStore::open(&options));
    let store: Arc<dyn Store> = Arc::new(opened.await.unwrap().unwrap());
    let key = SecretKey::load_or_create(folder.path()).unwrap();
    let open_session = OpenSession {
        clock: Arc::new(SystemClock),
        ids: Arc::new(TimeOrderedIds),
        secrets: Arc::new(RandomSecrets),
        access_tokens: Arc::new(JwtAccessTokens::new(&key, Duration::MINUTE)),
    };
    let passwords = Arc::new(Counted {
        passwords: Argon2Passwords::new(),
        verified: AtomicUsize::default(),
    });
    let register = Register {
        store: Arc::clone(&store),
        passwords: passwords.clone(),
        clock: Arc::new(SystemClock),
        ids: Arc::new(TimeOrderedIds),
        open_session: open_session.clone(),
    };
    let ada = Registration {
        username: name("ada"),
        password: password("correct horse"),
        display_name: None,
    };
    register.execute(ada).await.unwrap();
    let sign_in = SignIn {
        store,
        passwords: passwords.clone(),
        guesses: Guesses::default(),
        open_session,
    };
    for (who, what, is_right) in [
        ("ada", "correct horse", true),
        ("ada", "battery staple", false),
        ("nobody", "correct horse", false),
    ] {
        let before = passwords.verified.load(Ordering::Relaxed);
        let address = Ipv4Addr::LOCALHOST.into();
        let signed_in = sign_in.execute(&name(who), password(what), address).await;
        match signed_in {
            Ok(_) => assert!(is_right, "{who}"),
            Err(SignInError::Wrong) => assert!(!is_right, "{who}"),
            Err(error) => panic!("{who}: {error}"),
        }
        assert_eq!(
            passwords.verified.load(Ordering::Relaxed) - before,
            1,
            "{who}"
        );
    }
}
