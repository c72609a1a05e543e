//! Events that clients can replay, numbered without gaps.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use waifu_app::ports::store::LoggedEvent;
use waifu_app::ports::turn_store::DurableEvent;
use waifu_domain::ids::RelationshipId;
use waifu_domain::timestamp::Timestamp;

use crate::errors::Fault;
use crate::schema::durable_events;
use crate::types::{DbUuid, checked, db, from_json, to_json};

/// Finds some old events wherever they lie, and takes the first ones of their relationships: what is left of each has
/// no holes.
const FORGET: &str = "
    delete from durable_events where (relationship_id, seq) in (
        select events.relationship_id, events.seq
        from (
            select relationship_id, max(seq) as seq
            from (select relationship_id, seq from durable_events where at < ?1 limit ?2)
            group by relationship_id
        ) as last
        join durable_events as events
            on events.relationship_id = last.relationship_id and events.seq <= last.seq
        where events.at < ?1
        order by events.relationship_id, events.seq
        limit ?2
    )";

#[derive(Debug, Insertable)]
#[diesel(table_name = durable_events, treat_none_as_default_value = false)]
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
    let mut rows = (last_seq + 1..)
        .zip(events)
        .map(|(seq, event)| DurableEventRow {
            relationship_id: db(relationship),
            seq,
            body: to_json(event),
            at: at.unix_micros(),
        });
    // Most acts have two: a statement for two and one for one stay prepared, one for any number does not.
    while let Some(first) = rows.next() {
        let into = diesel::insert_into(durable_events::table);
        match rows.next() {
            Some(second) => into.values([first, second]).execute(c)?,
            None => into.values(first).execute(c)?,
        };
    }
    Ok(())
}

/// In their order, those after `seq`.
pub(crate) fn after(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
    seq: u64,
    limit: u32,
) -> Result<Vec<LoggedEvent>, Fault> {
    let rows: Vec<(i64, i64, String)> = durable_events::table
        .filter(durable_events::relationship_id.eq(db(relationship)))
        .filter(durable_events::seq.gt(i64::try_from(seq).unwrap_or(i64::MAX)))
        .order(durable_events::seq)
        .limit(limit.into())
        .select((
            durable_events::seq,
            durable_events::at,
            durable_events::body,
        ))
        .load(c)?;
    rows.into_iter()
        .map(|(seq, at, body)| {
            Ok(LoggedEvent {
                seq: checked("durable_events.seq", seq)?,
                at: Timestamp::from_unix_micros(at),
                event: from_json("durable_events.body", &body)?,
            })
        })
        .collect()
}

pub(crate) fn forget_before(
    c: &mut SqliteConnection,
    at: Timestamp,
    limit: u32,
) -> Result<u64, Fault> {
    let forgotten = diesel::sql_query(FORGET)
        .bind::<BigInt, _>(at.unix_micros())
        .bind::<BigInt, _>(i64::from(limit))
        .execute(c)?;
    Ok(forgotten as u64)
}
