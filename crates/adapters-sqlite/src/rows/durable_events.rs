//! Events that clients can replay, numbered without gaps.

use diesel::prelude::*;
use waifu_app::ports::turn_store::DurableEvent;
use waifu_domain::ids::RelationshipId;
use waifu_domain::timestamp::Timestamp;

use crate::errors::Fault;
use crate::schema::durable_events;
use crate::types::{DbUuid, checked, db, to_json};

#[derive(Debug, Insertable)]
#[diesel(table_name = durable_events)]
struct DurableEventRow {
    relationship_id: DbUuid,
    seq: i64,
    body: String,
    at: i64,
}

/// The first gets the number after `last_seq`.
pub(crate) fn insert(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
    last_seq: u64,
    events: &[DurableEvent],
    at: Timestamp,
) -> Result<(), Fault> {
    let last_seq: i64 = checked("relationships.head_seq", last_seq)?;
    let rows: Vec<_> = (last_seq + 1..)
        .zip(events)
        .map(|(seq, event)| DurableEventRow {
            relationship_id: db(relationship),
            seq,
            body: to_json(event),
            at: at.unix_micros(),
        })
        .collect();
    diesel::insert_into(durable_events::table)
        .values(rows)
        .execute(c)?;
    Ok(())
}
