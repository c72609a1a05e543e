//! Conversations: each relationship has its default one.

use diesel::prelude::*;
use waifu_domain::ids::{ConversationId, RelationshipId};
use waifu_domain::timestamp::Timestamp;

use crate::errors::Fault;
use crate::schema::conversations;
use crate::types::{DbUuid, checked, db};

pub(crate) fn insert_default(
    c: &mut SqliteConnection,
    id: ConversationId,
    relationship: RelationshipId,
    at: Timestamp,
) -> Result<(), Fault> {
    diesel::insert_into(conversations::table)
        .values((
            conversations::id.eq(db(id)),
            conversations::relationship_id.eq(db(relationship)),
            conversations::is_default.eq(true),
            conversations::last_turn_no.eq(0),
            conversations::created_at.eq(at.unix_micros()),
        ))
        .execute(c)?;
    Ok(())
}

pub(crate) fn default_of(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
) -> Result<Option<ConversationId>, Fault> {
    let id = conversations::table
        .filter(conversations::relationship_id.eq(db(relationship)))
        .filter(conversations::is_default.eq(true))
        .select(conversations::id)
        .first::<DbUuid>(c)
        .optional()?;
    Ok(id.map(DbUuid::id))
}

/// The number of a new turn.
pub(crate) fn next_turn_no(c: &mut SqliteConnection, id: ConversationId) -> Result<u32, Fault> {
    let no: i64 = diesel::update(conversations::table.find(db(id)))
        .set(conversations::last_turn_no.eq(conversations::last_turn_no + 1))
        .returning(conversations::last_turn_no)
        .get_result(c)?;
    Ok(checked("conversations.last_turn_no", no)?)
}
