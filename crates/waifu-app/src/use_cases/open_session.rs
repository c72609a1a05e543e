//! A session for somebody who has just proved who he is.

use std::sync::Arc;

use time::Duration;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::user::User;

use crate::caller::SessionHolder;
use crate::ports::access_tokens::AccessTokens;
use crate::ports::clock::Clock;
use crate::ports::ids::IdSource;
use crate::ports::secrets::{RefreshToken, SecretSource};
use crate::ports::store::{Session, StoreError, UnitOfWork};

/// A session ends when it has not been refreshed for so long.
pub(super) const SESSION_LIFETIME: Duration = Duration::days(30);

/// What a client gets when it signs in or refreshes.
#[derive(Clone)]
pub struct SignedIn {
    pub holder: SessionHolder,
    pub user: User,
    pub access_token: String,
    pub access_token_lifetime: Duration,
    pub refresh_token: RefreshToken,
    /// He got in with a password that is good for once.
    pub has_to_change_password: bool,
}

impl std::fmt::Debug for SignedIn {
    /// Without the tokens.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedIn")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone)]
pub struct OpenSession {
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub secrets: Arc<dyn SecretSource>,
    pub access_tokens: Arc<dyn AccessTokens>,
}

impl OpenSession {
    pub(super) async fn execute(
        &self,
        work: &mut dyn UnitOfWork,
        user: User,
    ) -> Result<SignedIn, StoreError> {
        let now = self.clock.now();
        let refresh_token = RefreshToken::first(&*self.secrets);
        let session = Session {
            id: self.ids.fresh(),
            user_id: user.id,
            token: refresh_token.hash(),
            previous_token: None,
            created_at: now,
            rotated_at: now,
            expires_at: now.plus(SESSION_LIFETIME),
            revoked_at: None,
            family: refresh_token.family(),
        };
        work.sessions().insert(session).await?;
        Ok(self.signed_in(user, &session, refresh_token, now))
    }

    pub(super) fn signed_in(
        &self,
        user: User,
        session: &Session,
        refresh_token: RefreshToken,
        now: Timestamp,
    ) -> SignedIn {
        let holder = SessionHolder {
            user_id: user.id,
            session_id: session.id,
        };
        SignedIn {
            holder,
            user,
            access_token: self.access_tokens.issue(holder, now),
            access_token_lifetime: self.access_tokens.lifetime(),
            refresh_token,
            has_to_change_password: false,
        }
    }
}
