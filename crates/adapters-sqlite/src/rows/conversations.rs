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

/// Where a new turn stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TurnPlace {
    pub(crate) relationship_id: RelationshipId,
    pub(crate) conversation_id: ConversationId,
    pub(crate) turn_no: u32,
}

/// The place after the last turn of the default conversation, which is taken with that.
pub(crate) fn next_turn(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
) -> Result<TurnPlace, Fault> {
    let default = conversations::table
        .filter(conversations::relationship_id.eq(db(relationship)))
        .filter(conversations::is_default.eq(true));
    let (id, no): (DbUuid, i64) = diesel::update(default)
        .set(conversations::last_turn_no.eq(conversations::last_turn_no + 1))
        .returning((conversations::id, conversations::last_turn_no))
        .get_result(c)?;
    Ok(TurnPlace {
        relationship_id: relationship,
        conversation_id: id.id(),
        turn_no: checked("conversations.last_turn_no", no)?,
    })
}
