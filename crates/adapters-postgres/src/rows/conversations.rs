//! Conversations: each relationship has its default one.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use waifu_domain::ids::{ConversationId, RelationshipId};
use waifu_domain::timestamp::Timestamp;

use crate::columns::{Moment, count};
use crate::errors::Fault;
use crate::schema::conversations;

pub(crate) async fn insert_default(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    relationship: RelationshipId,
    at: Timestamp,
) -> Result<(), Fault> {
    diesel::insert_into(conversations::table)
        .values((
            conversations::id.eq(id.as_uuid()),
            conversations::relationship_id.eq(relationship.as_uuid()),
            conversations::is_default.eq(true),
            conversations::last_turn_no.eq(0),
            conversations::created_at.eq(Moment(at)),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn default_of(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
) -> Result<Option<ConversationId>, Fault> {
    let id: Option<Uuid> = conversations::table
        .filter(conversations::relationship_id.eq(relationship.as_uuid()))
        .filter(conversations::is_default)
        .select(conversations::id)
        .first(connection)
        .await
        .optional()?;
    Ok(id.map(ConversationId::from))
}

/// Where a new turn stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TurnPlace {
    pub(crate) conversation_id: ConversationId,
    pub(crate) turn_no: u32,
}

/// The place after the last turn of the default conversation, which is taken with that.
pub(crate) async fn next_turn(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
) -> Result<TurnPlace, Fault> {
    let default = conversations::table
        .filter(conversations::relationship_id.eq(relationship.as_uuid()))
        .filter(conversations::is_default);
    let (id, no): (Uuid, i32) = diesel::update(default)
        .set(conversations::last_turn_no.eq(conversations::last_turn_no + 1))
        .returning((conversations::id, conversations::last_turn_no))
        .get_result(connection)
        .await
        .optional()?
        .ok_or(Fault::Missing("conversations"))?;
    Ok(TurnPlace {
        conversation_id: id.into(),
        turn_no: count("conversations.last_turn_no", no)?,
    })
}
