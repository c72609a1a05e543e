//! Whose credential it is, and whether it still lets him in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::future::Cache;
use waifu_domain::ids::SessionId;

use crate::ports::access_tokens::{AccessTokens, TokenRefused, VerifiedToken};
use crate::ports::clock::Clock;
use crate::ports::store::{Standing, Store, StoreError, finish};

/// What was asked is taken for true for so long: what another server revokes is still let in here until then.
const KNOWN_FOR: Duration = Duration::from_secs(3);
/// Sessions that are remembered, some 100 bytes each.
const MOST_KNOWN: u64 = 20_000;

/// Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Identity {
    access_tokens: Arc<dyn AccessTokens>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// By the session, and how often something had changed here when it was asked.
    known: Cache<(SessionId, u64), Standing>,
    changes: Arc<AtomicU64>,
}

/// Somebody here changes what sessions are worth; when this is dropped, whatever became of it, nothing that was known is
/// believed any more.
#[derive(Debug)]
pub(crate) struct Changing(Arc<AtomicU64>);

impl Drop for Changing {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

/// Why a credential lets nobody in.
#[derive(Debug, thiserror::Error)]
pub enum NotLetIn {
    #[error(transparent)]
    Token(#[from] TokenRefused),
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
            known: Cache::builder()
                .max_capacity(MOST_KNOWN)
                .time_to_live(KNOWN_FOR)
                .build(),
            changes: Arc::default(),
        }
    }

    /// Who shows this access token. The store is asked once for all who ask of a session at the same time.
    pub async fn verify(&self, token: &str) -> Result<VerifiedToken, NotLetIn> {
        let verified = self.access_tokens.verify(token, self.clock.now())?;
        let session = verified.caller.session_id;
        let asking = async {
            let standings = self.standings(&[session]).await?;
            Ok(standings.first().map_or(Standing::Revoked, |(_, one)| *one))
        };
        let known_as = (session, self.changes.load(Ordering::Acquire));
        let standing = self.known.try_get_with(known_as, asking).await;
        match standing.map_err(NotLetIn::Store)? {
            Standing::Stands => Ok(verified),
            Standing::Revoked => Err(NotLetIn::Revoked),
            Standing::Suspended => Err(NotLetIn::Suspended),
        }
    }

    /// As [`Sessions::standings`](crate::ports::store::Sessions::standings): what the store says now.
    pub async fn standings(
        &self,
        sessions: &[SessionId],
    ) -> Result<Vec<(SessionId, Standing)>, StoreError> {
        let mut work = self.store.snapshot().await?;
        let standings = work.sessions().standings(sessions).await;
        finish(work, standings).await
    }

    /// To be held while a change is committed.
    pub(crate) fn changing(&self) -> Changing {
        Changing(Arc::clone(&self.changes))
    }
}
