//! When events came up, and what became of them.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::QueryFragment;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use waifu_app::ports::store::OccurrencePlace;
use waifu_domain::events::{EventOccurrence, OccurrenceState, OccurrenceStatus};
use waifu_domain::ids::{OccurrenceId, RelationshipId};
use waifu_domain::timestamp::Timestamp;

use crate::columns::{Moment, scale, valid, word};
use crate::errors::Fault;
use crate::schema::event_occurrences;
use crate::sql::binds;

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = event_occurrences, check_for_backend(Pg))]
pub(crate) struct OccurrenceRow {
    pub(crate) id: Uuid,
    pub(crate) relationship_id: Uuid,
    pub(crate) event: String,
    pub(crate) opened_at: Moment,
    pub(crate) expires_at: Option<Moment>,
    pub(crate) state: String,
    pub(crate) choice: Option<String>,
    pub(crate) closed_at: Option<Moment>,
}

impl OccurrenceRow {
    pub(crate) fn of(relationship: RelationshipId, occurrence: &EventOccurrence) -> Self {
        let state = &occurrence.state;
        Self {
            id: occurrence.id.into(),
            relationship_id: relationship.into(),
            event: occurrence.event.as_str().to_owned(),
            opened_at: Moment(occurrence.opened_at),
            expires_at: occurrence.expires_at.map(Moment),
            state: word(state.status()),
            choice: state.choice().map(|choice| choice.as_str().to_owned()),
            closed_at: state.closed_at().map(Moment),
        }
    }

    fn read(self) -> Result<EventOccurrence, Fault> {
        let status = scale("event_occurrences.state", &self.state)?;
        Ok(EventOccurrence {
            id: self.id.into(),
            event: valid("event_occurrences.event", self.event.try_into())?,
            opened_at: self.opened_at.0,
            expires_at: self.expires_at.map(|at| at.0),
            state: state(status, self.choice, self.closed_at.map(|at| at.0))?,
        })
    }
}

fn state(
    status: OccurrenceStatus,
    choice: Option<String>,
    closed_at: Option<Timestamp>,
) -> Result<OccurrenceState, Fault> {
    match (status, choice, closed_at) {
        (OccurrenceStatus::Pending, None, None) => Ok(OccurrenceState::Pending),
        (OccurrenceStatus::Resolved, Some(choice), Some(at)) => Ok(OccurrenceState::Resolved {
            choice: valid("event_occurrences.choice", choice.try_into())?,
            at,
        }),
        (OccurrenceStatus::Expired, None, Some(at)) => Ok(OccurrenceState::Expired { at }),
        (status, ..) => {
            let why = format!("the choice and the time of closing are not those of {status:?}");
            valid("event_occurrences.state", Err(why))
        }
    }
}

fn read(rows: impl IntoIterator<Item = OccurrenceRow>) -> Result<Vec<EventOccurrence>, Fault> {
    rows.into_iter().map(OccurrenceRow::read).collect()
}

pub(crate) fn by_event(
    rows: impl IntoIterator<Item = OccurrenceRow>,
) -> Result<Vec<EventOccurrence>, Fault> {
    let mut occurrences = read(rows)?;
    // The database sorts as its locale does.
    occurrences.sort_unstable_by(|a, b| a.event.cmp(&b.event));
    Ok(occurrences)
}

pub(crate) async fn insert(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
    opened: &[EventOccurrence],
) -> Result<(), Fault> {
    if opened.is_empty() {
        return Ok(());
    }
    let row = |occurrence| OccurrenceRow::of(relationship, occurrence);
    diesel::insert_into(event_occurrences::table)
        .values(opened.iter().map(row).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// In the order of the table's columns, for a statement that writes those of many relationships.
pub(crate) fn columns(rows: &[OccurrenceRow]) -> impl QueryFragment<Pg> + Send + use<> {
    macro_rules! each {
        (|$row:ident| $value:expr) => {
            rows.iter().map(|$row| $value).collect::<Vec<_>>()
        };
    }
    binds!(
        each!(|row| row.id) => Array<SqlUuid>,
        each!(|row| row.relationship_id) => Array<SqlUuid>,
        each!(|row| row.event.clone()) => Array<Text>,
        each!(|row| row.opened_at) => Array<Timestamptz>,
        each!(|row| row.expires_at) => Array<Nullable<Timestamptz>>,
        each!(|row| row.state.clone()) => Array<Text>,
        each!(|row| row.choice.clone()) => Array<Nullable<Text>>,
        each!(|row| row.closed_at) => Array<Nullable<Timestamptz>>,
    )
}

/// Fails unless each of them is there and pends. The caller has locked the relationship.
pub(crate) async fn check_all_pend(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
    closed: &[EventOccurrence],
) -> Result<(), Fault> {
    let ids: Vec<Uuid> = closed.iter().map(|one| one.id.into()).collect();
    let pending: i64 = event_occurrences::table
        .filter(event_occurrences::id.eq_any(ids))
        .filter(event_occurrences::relationship_id.eq(relationship.as_uuid()))
        .filter(event_occurrences::state.eq(word(OccurrenceStatus::Pending)))
        .count()
        .get_result(connection)
        .await?;
    if usize::try_from(pending) == Ok(closed.len()) {
        Ok(())
    } else {
        Err(Fault::Misuse("an event that is to be closed does not pend"))
    }
}

/// Those that pend, as [`check_all_pend`] has found.
pub(crate) async fn close(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
    closed: &[EventOccurrence],
) -> Result<(), Fault> {
    for occurrence in closed {
        let row = OccurrenceRow::of(relationship, occurrence);
        diesel::update(event_occurrences::table.find(row.id))
            .set((
                event_occurrences::state.eq(row.state),
                event_occurrences::choice.eq(row.choice),
                event_occurrences::closed_at.eq(row.closed_at),
            ))
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// The newest occurrence of each event, by event.
pub(crate) async fn last(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
) -> Result<Vec<EventOccurrence>, Fault> {
    let rows = event_occurrences::table
        .filter(event_occurrences::relationship_id.eq(relationship.as_uuid()))
        .distinct_on(event_occurrences::event)
        .order_by((
            event_occurrences::event,
            event_occurrences::opened_at.desc(),
            event_occurrences::id.desc(),
        ))
        .select(OccurrenceRow::as_select())
        .load(connection)
        .await?;
    by_event(rows)
}

/// Newest first.
pub(crate) async fn page(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
    before: Option<OccurrencePlace>,
    limit: u32,
) -> Result<Vec<EventOccurrence>, Fault> {
    // Nothing opens after the last of times.
    let (at, id) = before.map_or_else(
        || (Timestamp::from_unix_micros(i64::MAX), Uuid::max()),
        |place| (place.opened_at, place.id.into()),
    );
    let is_earlier = event_occurrences::opened_at.lt(Moment(at));
    let is_beside = event_occurrences::opened_at
        .eq(Moment(at))
        .and(event_occurrences::id.lt(id));
    let rows = event_occurrences::table
        .filter(event_occurrences::relationship_id.eq(relationship.as_uuid()))
        .filter(is_earlier.or(is_beside))
        .order_by((
            event_occurrences::opened_at.desc(),
            event_occurrences::id.desc(),
        ))
        .limit(limit.into())
        .select(OccurrenceRow::as_select())
        .load(connection)
        .await?;
    read(rows)
}

pub(crate) async fn get(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
    id: OccurrenceId,
) -> Result<Option<EventOccurrence>, Fault> {
    let row = event_occurrences::table
        .find(id.as_uuid())
        .filter(event_occurrences::relationship_id.eq(relationship.as_uuid()))
        .select(OccurrenceRow::as_select())
        .first(connection)
        .await
        .optional()?;
    row.map(OccurrenceRow::read).transpose()
}
