//! The events that clients can replay, numbered within their relationship.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use waifu_app::ports::turn_store::DurableEvent;
use waifu_domain::ids::RelationshipId;
use waifu_domain::timestamp::Timestamp;

use super::relationships::sequence;
use crate::columns::{Document, Moment};
use crate::errors::Fault;
use crate::schema::durable_events;

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
