//! Signing in: an answer's time must not tell whether somebody exists, and what changes meanwhile counts.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use adapters_sqlite::{SqliteOptions, SqliteStore};
use async_trait::async_trait;
use tempfile::TempDir;
use time::Duration;
use tokio::sync::Mutex;
use waifu_app::ports::clock::Clock;
use waifu_app::ports::passwords::{Password, PasswordHash, Passwords, PasswordsUnavailable};
use waifu_app::ports::store::{Store, StoredPassword};
use waifu_app::use_cases::{
    Guesses, OpenSession, Register, Registration, SignIn, SignInError, SignedIn,
};
use waifu_domain::ids::UserId;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::user::Username;

use super::access_tokens::JwtAccessTokens;
use super::passwords::Argon2Passwords;
use super::secret_key::SecretKey;
use crate::system::{RandomSecrets, SystemClock, TimeOrderedIds};

#[derive(Debug)]
struct Counted {
    passwords: Argon2Passwords,
    verified: AtomicUsize,
    /// Whose password another one replaces while it is verified.
    meanwhile: Mutex<Option<(Arc<dyn Store>, UserId)>>,
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
        if let Some((store, user)) = self.meanwhile.lock().await.take() {
            let mut work = store.begin().await.expect("the store is there");
            let other = StoredPassword::for_good(PasswordHash("another".to_owned()));
            let set = work.users().set_password(user, other).await;
            set.expect("he is there");
            work.commit().await.expect("the store is there");
        }
        self.passwords.verify(password, hash).await
    }
}

fn password(text: &str) -> Password {
    Password::try_from(text.to_owned()).expect("a password")
}

fn name(text: &str) -> Username {
    Username::try_from(text.to_owned()).expect("a name")
}

/// A store with somebody in it, and what signs him in.
struct World {
    store: Arc<dyn Store>,
    passwords: Arc<Counted>,
    sign_in: SignIn,
    user: UserId,
    _folder: TempDir,
}

impl World {
    async fn new() -> Self {
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
            meanwhile: Mutex::default(),
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
        let user = register.execute(ada).await.unwrap().user.id;
        let sign_in = SignIn {
            store: Arc::clone(&store),
            passwords: passwords.clone(),
            guesses: Guesses::default(),
            clock: Arc::new(SystemClock),
            open_session,
        };
        Self {
            store,
            passwords,
            sign_in,
            user,
            _folder: folder,
        }
    }

    async fn sign_in(&self, who: &str, what: &str) -> Result<SignedIn, SignInError> {
        let address = Ipv4Addr::LOCALHOST.into();
        let (name, password) = (name(who), password(what));
        self.sign_in.execute(&name, password, address).await
    }
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_cost_one_verification_each() {
    let world = World::new().await;
    for (who, what, is_right) in [
        ("ada", "correct horse", true),
        ("ada", "battery staple", false),
        ("nobody", "correct horse", false),
    ] {
        let before = world.passwords.verified.load(Ordering::Relaxed);
        match world.sign_in(who, what).await {
            Ok(_) => assert!(is_right, "{who}"),
            Err(SignInError::Wrong) => assert!(!is_right, "{who}"),
            Err(error) => panic!("{who}: {error}"),
        }
        let verified = world.passwords.verified.load(Ordering::Relaxed) - before;
        assert_eq!(verified, 1, "{who}");
    }
}

#[tokio::test]
async fn whoever_knew_a_password_that_changes_meanwhile_is_not_let_in() {
    let world = World::new().await;
    let meanwhile = (Arc::clone(&world.store), world.user);
    *world.passwords.meanwhile.lock().await = Some(meanwhile);
    let signed_in = world.sign_in("ada", "correct horse").await;
    assert!(
        matches!(signed_in, Err(SignInError::Wrong)),
        "{signed_in:?}"
    );
}

#[tokio::test]
async fn a_password_that_has_run_out_lets_nobody_in() {
    let world = World::new().await;
    let until = async |until: Timestamp| {
        let hash = world.passwords.hash(password("for once")).await.unwrap();
        let stored = StoredPassword {
            hash,
            until: Some(until),
        };
        let mut work = world.store.begin().await.unwrap();
        let set = work.users().set_password(world.user, stored).await;
        set.unwrap();
        work.commit().await.unwrap();
    };
    let now = SystemClock.now();
    until(now.minus(Duration::SECOND)).await;
    let refused = world.sign_in("ada", "for once").await;
    assert!(matches!(refused, Err(SignInError::Wrong)), "{refused:?}");
    until(now.plus(Duration::MINUTE)).await;
    let signed_in = world.sign_in("ada", "for once").await.unwrap();
    assert!(signed_in.has_to_change_password);
    let again = world.sign_in("ada", "for once").await;
    assert!(matches!(again, Err(SignInError::Wrong)), "{again:?}");
}
