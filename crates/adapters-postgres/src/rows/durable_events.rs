//! The events that clients can replay, numbered within their relationship.

use async_trait::async_trait;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::QueryFragment;
use diesel::sql_types::{Array, BigInt, Jsonb, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use waifu_app::ports::store::{EventLog, LoggedEvent, StoreError};
use waifu_app::ports::turn_store::{Append, DurableEvent};
use waifu_domain::ids::RelationshipId;
use waifu_domain::timestamp::Timestamp;

use super::relationships::sequence;
use crate::columns::{Document, Moment, valid};
use crate::errors::Fault;
use crate::schema::durable_events;
use crate::sql::binds;
use crate::unit_of_work::Repository;

/// Finds some old events wherever they lie, and takes the first ones of their relationships: what is left of each has
/// no holes.
const FORGET: &str = "
    delete from durable_events
    using (
        select events.relationship_id, events.seq
        from (
            select relationship_id, max(seq) as seq
            from (
                select relationship_id, seq from durable_events where at < $1 limit $2
            ) as found
            group by relationship_id
        ) as last
        join durable_events as events
            on events.relationship_id = last.relationship_id and events.seq <= last.seq
        where events.at < $1
        order by events.relationship_id, events.seq
        limit $2
    ) as oldest
    where durable_events.relationship_id = oldest.relationship_id
        and durable_events.seq = oldest.seq";

pub(crate) async fn insert(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
    first_seq: u64,
    events: &[DurableEvent],
    at: Timestamp,
) -> Result<(), Fault> {
    let row = |(seq, event)| {
        Ok((
            durable_events::relationship_id.eq(relationship.as_uuid()),
            durable_events::seq.eq(sequence(seq)?),
            durable_events::body.eq(Document::of(event)),
            durable_events::at.eq(Moment(at)),
        ))
    };
    let rows = (first_seq..).zip(events).map(row);
    diesel::insert_into(durable_events::table)
        .values(rows.collect::<Result<Vec<_>, Fault>>()?)
        .execute(connection)
        .await?;
    Ok(())
}

/// In the order of the table's columns, for a statement that writes those of many relationships. One whose number
/// can't be stored was refused before.
pub(crate) fn columns(appends: &[&Append]) -> impl QueryFragment<Pg> + Send + use<> {
    let (mut relationships, mut seqs, mut bodies, mut ats) = (vec![], vec![], vec![], vec![]);
    for append in appends {
        for (seq, event) in (append.expected.seq + 1..).zip(&append.events) {
            relationships.push(append.relationship_id.as_uuid());
            seqs.push(i64::try_from(seq).unwrap_or(i64::MAX));
            bodies.push(Document::of(event));
            ats.push(Moment(append.at));
        }
    }
    binds!(
        relationships => Array<SqlUuid>,
        seqs => Array<BigInt>,
        bodies => Array<Jsonb>,
        ats => Array<Timestamptz>,
    )
}

async fn after(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
    seq: u64,
    limit: u32,
) -> Result<Vec<LoggedEvent>, Fault> {
    let rows: Vec<(i64, Moment, Document)> = durable_events::table
        .filter(durable_events::relationship_id.eq(relationship.as_uuid()))
        .filter(durable_events::seq.gt(i64::try_from(seq).unwrap_or(i64::MAX)))
        .order_by(durable_events::seq)
        .limit(limit.into())
        .select((
            durable_events::seq,
            durable_events::at,
            durable_events::body,
        ))
        .load(connection)
        .await?;
    rows.into_iter()
        .map(|(seq, at, body)| {
            Ok(LoggedEvent {
                seq: valid("durable_events.seq", seq.try_into())?,
                at: at.0,
                event: body.read("durable_events.body")?,
            })
        })
        .collect()
}

async fn forget_before(
    connection: &mut AsyncPgConnection,
    at: Timestamp,
    limit: u32,
) -> Result<u64, Fault> {
    // Whether the index is worth it depends on how much is older than this very moment.
    let planned_for_it = "set local plan_cache_mode = force_custom_plan";
    connection.batch_execute(planned_for_it).await?;
    let forgotten = diesel::sql_query(FORGET)
        .bind::<Timestamptz, _>(Moment(at))
        .bind::<BigInt, _>(i64::from(limit))
        .execute(connection)
        .await?;
    Ok(forgotten as u64)
}

#[async_trait]
impl EventLog for Repository<'_> {
    async fn after(
        &mut self,
        relationship: RelationshipId,
        seq: u64,
        limit: u32,
    ) -> Result<Vec<LoggedEvent>, StoreError> {
        Ok(after(self.0, relationship, seq, limit).await?)
    }

    async fn forget_before(&mut self, at: Timestamp, limit: u32) -> Result<u64, StoreError> {
        Ok(forget_before(self.0, at, limit).await?)
    }
}
