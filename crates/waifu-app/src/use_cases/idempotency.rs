//! Keys under which clients ask for something, so that asking again changes nothing.

use sha2::{Digest, Sha256};
use time::Duration;
use waifu_domain::ids::UserId;
use waifu_domain::timestamp::Timestamp;

use crate::ports::store::{Receipt, ReceiptKey, StoreError, Taken, UnitOfWork, Written};

/// A client's key is good for so long.
const GOOD_FOR: Duration = Duration::hours(24);

/// 1 to 255 visible ASCII characters, chosen by the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 255 visible ASCII characters")]
pub struct NotAKey;

impl TryFrom<&str> for IdempotencyKey {
    type Error = NotAKey;

    fn try_from(text: &str) -> Result<Self, NotAKey> {
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_visible && (1..=255).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAKey)
        }
    }
}

/// Where the receipt of a request is kept.
#[derive(Debug, Clone)]
pub(super) struct Ticket {
    key: ReceiptKey,
    /// SHA-256 of what the key must be used for each time.
    request: [u8; 32],
    good_for: Option<Duration>,
}

/// Whether something was asked for before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Never,
    /// And this was written then.
    Before(Written),
    /// Something else was, under this key.
    Otherwise,
}

impl Ticket {
    /// `scope` is what the key is unique in, together with its user.
    pub(super) fn of_client(
        by: UserId,
        scope: String,
        key: IdempotencyKey,
        request: impl AsRef<[u8]>,
    ) -> Self {
        let good_for = Some(GOOD_FOR);
        let key = key.0;
        Self::new(by, scope, key, request.as_ref(), good_for)
    }

    /// For what is done once and for good, with a key of the client's or without.
    pub(super) fn for_good(by: UserId, scope: String, request: impl AsRef<[u8]>) -> Self {
        Self::new(by, scope, String::new(), request.as_ref(), None)
    }

    fn new(
        user_id: UserId,
        scope: String,
        key: String,
        request: &[u8],
        good_for: Option<Duration>,
    ) -> Self {
        Self {
            key: ReceiptKey {
                user_id,
                scope,
                key,
            },
            request: Sha256::digest(request).into(),
            good_for,
        }
    }

    pub(super) async fn find(
        &self,
        work: &mut dyn UnitOfWork,
        now: Timestamp,
    ) -> Result<Asked, StoreError> {
        let found = work.receipts().find(&self.key, now).await?;
        Ok(match found {
            None => Asked::Never,
            Some(receipt) if receipt.request == self.request => Asked::Before(receipt.of),
            Some(_) => Asked::Otherwise,
        })
    }

    /// `Err(Taken)` when another request under the same key was quicker; nothing is written then.
    pub(super) async fn keep(
        &self,
        work: &mut dyn UnitOfWork,
        of: Written,
        at: Timestamp,
    ) -> Result<Result<(), Taken>, StoreError> {
        let receipt = Receipt {
            request: self.request,
            of,
            at,
            expires_at: self.good_for.map(|good_for| at.plus(good_for)),
        };
        work.receipts().insert(&self.key, receipt).await
    }

    pub(super) fn is_for_good(&self) -> bool {
        self.good_for.is_none()
    }
}
