//! Keys under which clients ask for an act, so that asking again changes nothing.

use sha2::{Digest, Sha256};
use time::Duration;
use waifu_domain::ids::UserId;
use waifu_domain::relationship::Pair;

use super::Deed;
use crate::ports::store::ReceiptKey;

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

/// Where a receipt is kept.
#[derive(Debug, Clone)]
pub(super) struct Ticket {
    pub(super) key: ReceiptKey,
    pub(super) good_for: Option<Duration>,
    pub(super) chosen_by: ChosenBy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChosenBy {
    Client,
    /// A choice is taken once, with a key of the client's or without.
    Event,
}

/// The request as its hash: what a key must be used for each time.
pub(super) fn request(deed: &Deed, pair: Pair) -> [u8; 32] {
    Sha256::digest(deed.request(pair)).into()
}

pub(super) fn tickets(
    by: UserId,
    pair: Pair,
    deed: &Deed,
    key: Option<IdempotencyKey>,
) -> Vec<Ticket> {
    let clients = key.map(|key| Ticket {
        key: ReceiptKey {
            user_id: by,
            scope: deed.scope(pair),
            key: key.0,
        },
        good_for: Some(GOOD_FOR),
        chosen_by: ChosenBy::Client,
    });
    let events = match deed {
        Deed::Choice { occurrence, .. } => Some(Ticket {
            key: ReceiptKey {
                user_id: by,
                scope: format!("event {} {occurrence}", pair.waifu_id),
                key: String::new(),
            },
            good_for: None,
            chosen_by: ChosenBy::Event,
        }),
        Deed::Gift { .. }
        | Deed::Date { .. }
        | Deed::Rewind { .. }
        | Deed::Adjustment { .. }
        | Deed::Visit => None,
    };
    clients.into_iter().chain(events).collect()
}
