//! Two who meet.

use diesel::SqliteConnection;
use waifu_app::ports::turn_store::FirstMeeting;
use waifu_domain::relationship::{Pair, Relationship};
use waifu_domain::timestamp::Timestamp;

use crate::errors::Fault;
use crate::rows::{conversations, relationships};

/// The relationship that there is, or else a new one with its default conversation. There is one writer, so nobody
/// meets in between.
pub(crate) fn meet(
    c: &mut SqliteConnection,
    pair: Pair,
    first: FirstMeeting,
    at: Timestamp,
) -> Result<Relationship, Fault> {
    if let Some(known) = relationships::by_pair(c, pair)? {
        return Ok(known);
    }
    let id = first.relationship_id;
    relationships::insert(c, pair, &first, at)?;
    conversations::insert_default(c, first.conversation_id, id, at)?;
    relationships::by_id(c, id)
}
