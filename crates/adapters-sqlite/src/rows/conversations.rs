//! Conversations: each relationship has its default one.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use waifu_domain::ids::{ConversationId, RelationshipId};
use waifu_domain::timestamp::Timestamp;

use crate::errors::Fault;
use crate::schema::conversations;
use crate::sql::{Sql, binds};
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

// Written by hand, since the index of the default ones wants to see that it is asked for these.
const DEFAULT_OF: &str =
    "select id from conversations where relationship_id = ?1 and is_default = 1";
const NEXT_TURN: &str = "
    update conversations set last_turn_no = last_turn_no + 1
    where relationship_id = ?1 and is_default = 1
    returning id, last_turn_no";
const TAKE_TURN: &str = "update conversations set last_turn_no = ?2 where id = ?1";

struct DefaultOf;
struct NextTurn;
struct TakeTurn;

pub(crate) fn default_of(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
) -> Result<Option<ConversationId>, Fault> {
    let binds = binds!(db(relationship) => Binary);
    let id: Option<(DbUuid,)> = Sql::<DefaultOf, _, (Binary,)>::new(DEFAULT_OF, binds)
        .get_result(c)
        .optional()?;
    Ok(id.map(|(id,)| id.id()))
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
    let binds = binds!(db(relationship) => Binary);
    let (id, no): (DbUuid, i64) =
        Sql::<NextTurn, _, (Binary, BigInt)>::new(NEXT_TURN, binds).get_result(c)?;
    Ok(TurnPlace {
        relationship_id: relationship,
        conversation_id: id.id(),
        turn_no: checked("conversations.last_turn_no", no)?,
    })
}

/// Takes a place of which it is known that it is the next one.
pub(crate) fn take_turn(c: &mut SqliteConnection, place: TurnPlace) -> Result<(), Fault> {
    let binds = binds!(db(place.conversation_id) => Binary, i64::from(place.turn_no) => BigInt);
    Sql::<TakeTurn, _>::new(TAKE_TURN, binds).execute(c)?;
    Ok(())
}
