//! When events came up.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use waifu_domain::events::{EventOccurrence, LastOccurrence, OccurrenceState};
use waifu_domain::ids::RelationshipId;

use crate::columns::{Moment, scale, valid, word};
use crate::errors::Fault;
use crate::schema::event_occurrences;

pub(crate) async fn insert(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
    opened: &[EventOccurrence],
) -> Result<(), Fault> {
    if opened.is_empty() {
        return Ok(());
    }
    let row = |occurrence: &EventOccurrence| {
        // Those that open resolved or expired close as they open.
        let closed = occurrence.state != OccurrenceState::Pending;
        (
            event_occurrences::id.eq(occurrence.id.as_uuid()),
            event_occurrences::relationship_id.eq(relationship.as_uuid()),
            event_occurrences::event.eq(occurrence.event.as_str().to_owned()),
            event_occurrences::opened_at.eq(Moment(occurrence.opened_at)),
            event_occurrences::expires_at.eq(occurrence.expires_at.map(Moment)),
            event_occurrences::state.eq(word(occurrence.state)),
            event_occurrences::closed_at.eq(closed.then_some(Moment(occurrence.opened_at))),
        )
    };
    diesel::insert_into(event_occurrences::table)
        .values(opened.iter().map(row).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// The newest occurrence of each event.
pub(crate) async fn last(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
) -> Result<Vec<LastOccurrence>, Fault> {
    let rows: Vec<(String, String, Moment, Option<Moment>)> = event_occurrences::table
        .filter(event_occurrences::relationship_id.eq(relationship.as_uuid()))
        .distinct_on(event_occurrences::event)
        .order_by((
            event_occurrences::event,
            event_occurrences::opened_at.desc(),
            event_occurrences::id.desc(),
        ))
        .select((
            event_occurrences::event,
            event_occurrences::state,
            event_occurrences::opened_at,
            event_occurrences::closed_at,
        ))
        .load(connection)
        .await?;
    rows.into_iter()
        .map(|(event, state, opened_at, closed_at)| {
            Ok(LastOccurrence {
                event: valid("event_occurrences.event", event.try_into())?,
                state: scale("event_occurrences.state", &state)?,
                at: closed_at.unwrap_or(opened_at).0,
            })
        })
        .collect()
}
