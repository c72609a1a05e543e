//! A refresh token for a new pair of tokens. Each works once; the one before works once more for a moment, for
//! the answer that was lost; any other reuse ends the session, because somebody else may hold a copy.

use std::sync::Arc;

use time::Duration;
use waifu_domain::timestamp::Timestamp;

use super::open_session::{OpenSession, SESSION_LIFETIME, SignedIn};
use crate::identity::{Changing, Identity};
use crate::ports::clock::Clock;
use crate::ports::secrets::{RefreshToken, SecretSource, TokenHash};
use crate::ports::store::{Session, Store, StoreError, UnitOfWork, finish};

/// How long after a rotation the token before is taken for that of a lost answer.
const GRACE: Duration = Duration::seconds(10);

#[derive(Debug, Clone)]
pub struct Refresh {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub secrets: Arc<dyn SecretSource>,
    pub open_session: OpenSession,
    pub identity: Identity,
}

#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Unknown, expired, revoked, or used before.
    #[error("the refresh token is not valid")]
    Refused,
    #[error("the account is suspended")]
    Suspended,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is to become of a session whose token was presented.
enum Step {
    Rotate(Session),
    /// Somebody else may hold a copy.
    Revoke(Session),
    Refuse,
}

impl Refresh {
    pub async fn execute(&self, token: &RefreshToken) -> Result<SignedIn, RefreshError> {
        let mut work = self.store.begin().await?;
        let mut changing = None;
        let outcome = self.rotate(&mut *work, token, &mut changing).await;
        // A refusal may have revoked the session, so it is committed like a success.
        let refreshed = finish(work, outcome).await?;
        drop(changing);
        refreshed
    }

    async fn rotate(
        &self,
        work: &mut dyn UnitOfWork,
        token: &RefreshToken,
        changing: &mut Option<Changing>,
    ) -> Result<Result<SignedIn, RefreshError>, StoreError> {
        let now = self.clock.now();
        let (hash, family) = (token.hash(), token.family());
        let Some(session) = work.sessions().lock_by_token(hash, family).await? else {
            return Ok(Err(RefreshError::Refused));
        };
        match step(session, hash, now) {
            Step::Refuse => Ok(Err(RefreshError::Refused)),
            Step::Revoke(session) => {
                *changing = Some(self.identity.changing());
                work.sessions().update(&session).await?;
                Ok(Err(RefreshError::Refused))
            }
            Step::Rotate(session) => {
                let Some(user) = work.users().by_id(session.user_id).await? else {
                    return Ok(Err(RefreshError::Refused));
                };
                if user.suspended_at.is_some() {
                    return Ok(Err(RefreshError::Suspended));
                }
                let refresh_token = token.next(&*self.secrets);
                let session = Session {
                    token: refresh_token.hash(),
                    family: refresh_token.family(),
                    ..session
                };
                work.sessions().update(&session).await?;
                let signed_in = self
                    .open_session
                    .signed_in(user, &session, refresh_token, now);
                Ok(Ok(signed_in))
            }
        }
    }
}

fn step(session: Session, token: TokenHash, now: Timestamp) -> Step {
    if session.revoked_at.is_some() || session.expires_at <= now {
        return Step::Refuse;
    }
    let is_previous = session.previous_token == Some(token);
    if session.token == token {
        Step::Rotate(Session {
            previous_token: Some(session.token),
            rotated_at: now,
            expires_at: now.plus(SESSION_LIFETIME),
            ..session
        })
    } else if is_previous && now.since(session.rotated_at) <= GRACE {
        // The answer was lost, and nobody has the token that it held; whoever shows that one later was told it by
        // a thief. So it becomes the previous one with its grace already over.
        Step::Rotate(Session {
            previous_token: Some(session.token),
            rotated_at: now.minus(GRACE + Duration::SECOND),
            expires_at: now.plus(SESSION_LIFETIME),
            ..session
        })
    } else {
        Step::Revoke(Session {
            revoked_at: Some(now),
            ..session
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const CURRENT: TokenHash = TokenHash([2; 32]);
    const PREVIOUS: TokenHash = TokenHash([1; 32]);
    const OLDER: TokenHash = TokenHash([0; 32]);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_micros(0).plus(Duration::seconds(seconds))
    }

    fn rotated_at_100() -> Session {
        Session {
            id: Uuid::from_u128(1).into(),
            user_id: Uuid::from_u128(2).into(),
            token: CURRENT,
            previous_token: Some(PREVIOUS),
            created_at: at(0),
            rotated_at: at(100),
            expires_at: at(1_000),
            revoked_at: None,
            family: Some(TokenHash([9; 32])),
        }
    }

    #[test]
    fn the_current_token_is_rotated_and_becomes_the_previous_one() {
        let Step::Rotate(session) = step(rotated_at_100(), CURRENT, at(200)) else {
            panic!("not rotated");
        };
        assert_eq!(session.previous_token, Some(CURRENT));
        assert_eq!(
            (session.rotated_at, session.expires_at),
            (at(200), at(200).plus(SESSION_LIFETIME))
        );
    }

    #[test]
    fn the_previous_token_works_once_more_for_ten_seconds() {
        let Step::Rotate(session) = step(rotated_at_100(), PREVIOUS, at(110)) else {
            panic!("not rotated");
        };
        let Step::Revoke(_) = step(session, PREVIOUS, at(110)) else {
            panic!("the token of the lost answer was taken");
        };
    }

    #[test]
    fn a_later_use_of_the_previous_token_ends_the_session() {
        let Step::Revoke(session) = step(rotated_at_100(), PREVIOUS, at(111)) else {
            panic!("not revoked");
        };
        assert_eq!(session.revoked_at, Some(at(111)));
    }

    #[test]
    fn a_token_from_before_the_previous_one_ends_the_session_at_once() {
        let Step::Revoke(session) = step(rotated_at_100(), OLDER, at(101)) else {
            panic!("not revoked");
        };
        assert_eq!(session.revoked_at, Some(at(101)));
    }

    #[test]
    fn an_expired_or_revoked_session_is_refused() {
        assert!(matches!(
            step(rotated_at_100(), CURRENT, at(1_000)),
            Step::Refuse
        ));
        let revoked = Session {
            revoked_at: Some(at(150)),
            ..rotated_at_100()
        };
        assert!(matches!(step(revoked, CURRENT, at(200)), Step::Refuse));
    }
}
