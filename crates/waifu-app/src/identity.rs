//! Whose credential it is, and whether it still lets him in.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::future::Cache;
use waifu_domain::ids::{ApiKeyId, SessionId};
use waifu_domain::timestamp::Timestamp;

use crate::caller::{Caller, Credential};
use crate::ports::access_tokens::{AccessTokens, TokenRefused, VerifiedToken};
use crate::ports::clock::Clock;
use crate::ports::secrets::ApiKeyToken;
use crate::ports::store::{ApiKey, Standing, Store, StoreError, UnitOfWork, finish};

/// What was asked is taken for true for so long: what another server revokes is still let in here until then.
const KNOWN_FOR: Duration = Duration::from_secs(3);
/// Sessions that are remembered, and keys, some 100 bytes each.
const MOST_KNOWN: u64 = 20_000;

/// Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Identity {
    access_tokens: Arc<dyn AccessTokens>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// By the session, and how often something had changed here when it was asked.
    known: Cache<(SessionId, u64), Standing>,
    known_keys: Cache<(ApiKeyId, u64), Option<(ApiKey, Standing)>>,
    changes: Arc<AtomicU64>,
}

/// Somebody here changes what credentials are worth; when this is dropped, whatever became of it, nothing that was known is
/// believed any more.
#[derive(Debug)]
pub(crate) struct Changing(Arc<AtomicU64>);

impl Drop for Changing {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

/// Who is let in, and until when: keys do not expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LetIn {
    pub caller: Caller,
    pub expires_at: Option<Timestamp>,
}

impl LetIn {
    /// For how long he may still stay.
    pub fn left(&self, now: Timestamp) -> Duration {
        match self.expires_at {
            Some(expires_at) => expires_at.since(now).try_into().unwrap_or(Duration::ZERO),
            None => Duration::MAX,
        }
    }
}

/// Why a credential lets nobody in.
#[derive(Debug, thiserror::Error)]
pub enum NotLetIn {
    #[error(transparent)]
    Token(#[from] TokenRefused),
    #[error("there is no such API key")]
    NoSuchKey,
    #[error("the session has ended")]
    Revoked,
    #[error("the account is suspended")]
    Suspended,
    #[error("failed to ask the store")]
    Store(#[source] Arc<StoreError>),
}

impl Identity {
    pub fn new(
        access_tokens: Arc<dyn AccessTokens>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            access_tokens,
            store,
            clock,
            known: cache(),
            known_keys: cache(),
            changes: Arc::default(),
        }
    }

    /// Who shows this access token or API key. The store is asked once for all who ask of one at the same time.
    pub async fn verify(&self, shown: &str) -> Result<LetIn, NotLetIn> {
        let (let_in, standing) = if ApiKeyToken::looks_like_one(shown) {
            self.verify_key(shown).await?
        } else {
            let verified = self.access_tokens.verify(shown, self.clock.now())?;
            self.verify_token(verified).await?
        };
        match standing {
            Standing::Stands => Ok(let_in),
            Standing::Revoked => Err(NotLetIn::Revoked),
            Standing::Suspended => Err(NotLetIn::Suspended),
        }
    }

    async fn verify_token(&self, token: VerifiedToken) -> Result<(LetIn, Standing), NotLetIn> {
        let session = token.holder.session_id;
        let asking = async {
            let mut work = self.store.snapshot().await?;
            let standings = work.sessions().standings(&[session]).await;
            let standings = finish(work, standings).await?;
            Ok(standings.first().map_or(Standing::Revoked, |(_, one)| *one))
        };
        let standing = self.known.try_get_with(self.now_of(session), asking).await;
        let let_in = LetIn {
            caller: token.holder.into(),
            expires_at: Some(token.expires_at),
        };
        Ok((let_in, standing.map_err(NotLetIn::Store)?))
    }

    async fn verify_key(&self, shown: &str) -> Result<(LetIn, Standing), NotLetIn> {
        let (id, hash) = ApiKeyToken::read(shown).ok_or(NotLetIn::NoSuchKey)?;
        let asking = async {
            let mut work = self.store.snapshot().await?;
            let found = work.api_keys().find(id).await;
            finish(work, found).await
        };
        let found = self.known_keys.try_get_with(self.now_of(id), asking).await;
        let found = found.map_err(NotLetIn::Store)?;
        let (key, standing) = found.ok_or(NotLetIn::NoSuchKey)?;
        if !key.secret.is(&hash) {
            return Err(NotLetIn::NoSuchKey);
        }
        let caller = Caller {
            user_id: key.user_id,
            credential: Credential::Key(id, key.scopes),
        };
        let let_in = LetIn {
            caller,
            expires_at: None,
        };
        Ok((let_in, standing))
    }

    fn now_of<Id>(&self, id: Id) -> (Id, u64) {
        (id, self.changes.load(Ordering::Acquire))
    }

    /// How these stand, as the store says now; who is not stored is left out.
    pub async fn standings(
        &self,
        credentials: &[Credential],
    ) -> Result<HashMap<Credential, Standing>, StoreError> {
        let mut work = self.store.snapshot().await?;
        let standings = standings(&mut *work, credentials).await;
        finish(work, standings).await
    }

    /// To be held while a change is committed.
    pub(crate) fn changing(&self) -> Changing {
        Changing(Arc::clone(&self.changes))
    }
}

fn cache<K: Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static>() -> Cache<K, V> {
    Cache::builder()
        .max_capacity(MOST_KNOWN)
        .time_to_live(KNOWN_FOR)
        .build()
}

async fn standings(
    work: &mut dyn UnitOfWork,
    credentials: &[Credential],
) -> Result<HashMap<Credential, Standing>, StoreError> {
    let (mut sessions, mut keys) = (Vec::new(), Vec::new());
    for credential in credentials {
        match *credential {
            Credential::Session(session) => sessions.push(session),
            Credential::Key(key, _) => keys.push(key),
        }
    }
    let sessions: HashMap<_, _> = work
        .sessions()
        .standings(&sessions)
        .await?
        .into_iter()
        .collect();
    let keys: HashMap<_, _> = work
        .api_keys()
        .standings(&keys)
        .await?
        .into_iter()
        .collect();
    let standing = |credential: &Credential| match credential {
        Credential::Session(session) => sessions.get(session).copied(),
        Credential::Key(key, _) => keys.get(key).copied(),
    };
    Ok(credentials
        .iter()
        .filter_map(|credential| Some((*credential, standing(credential)?)))
        .collect())
}
