//! The times that events came up.

use diesel::prelude::*;
use diesel::sql_types::Binary;
use waifu_app::ports::store::OccurrencePlace;
use waifu_domain::events::{EventOccurrence, OccurrenceState, OccurrenceStatus};
use waifu_domain::ids::{OccurrenceId, RelationshipId};
use waifu_domain::timestamp::Timestamp;

use crate::errors::{Corrupt, Fault};
use crate::schema::event_occurrences;
use crate::sql::{ColumnsOf, Sql, binds};
use crate::types::{DbUuid, checked, db, micros, moment, name_of, named};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = event_occurrences, treat_none_as_default_value = false)]
struct OccurrenceRow {
    id: DbUuid,
    relationship_id: DbUuid,
    event: String,
    opened_at: i64,
    expires_at: Option<i64>,
    state: String,
    choice: Option<String>,
    closed_at: Option<i64>,
}

impl OccurrenceRow {
    fn new(relationship: RelationshipId, occurrence: &EventOccurrence) -> Self {
        let state = &occurrence.state;
        Self {
            id: db(occurrence.id),
            relationship_id: db(relationship),
            event: occurrence.event.as_str().to_owned(),
            opened_at: occurrence.opened_at.unix_micros(),
            expires_at: micros(occurrence.expires_at),
            state: name_of(state.status()),
            choice: state.choice().map(|choice| choice.as_str().to_owned()),
            closed_at: micros(state.closed_at()),
        }
    }

    fn into_occurrence(self) -> Result<EventOccurrence, Corrupt> {
        let status = named("event_occurrences.state", &self.state)?;
        Ok(EventOccurrence {
            id: self.id.id(),
            event: checked("event_occurrences.event", self.event)?,
            opened_at: Timestamp::from_unix_micros(self.opened_at),
            expires_at: moment(self.expires_at),
            state: state(status, self.choice, moment(self.closed_at))?,
        })
    }
}

fn state(
    status: OccurrenceStatus,
    choice: Option<String>,
    closed_at: Option<Timestamp>,
) -> Result<OccurrenceState, Corrupt> {
    match (status, choice, closed_at) {
        (OccurrenceStatus::Pending, None, None) => Ok(OccurrenceState::Pending),
        (OccurrenceStatus::Resolved, Some(choice), Some(at)) => Ok(OccurrenceState::Resolved {
            choice: checked("event_occurrences.choice", choice)?,
            at,
        }),
        (OccurrenceStatus::Expired, None, Some(at)) => Ok(OccurrenceState::Expired { at }),
        (status, ..) => {
            let why = format!("the choice and the time of closing are not those of {status:?}");
            Err(Corrupt::new("event_occurrences.state", why))
        }
    }
}

fn read(rows: Vec<OccurrenceRow>) -> Result<Vec<EventOccurrence>, Fault> {
    let occurrences: Result<Vec<_>, _> = rows
        .into_iter()
        .map(OccurrenceRow::into_occurrence)
        .collect();
    Ok(occurrences?)
}

/// An event that pends already fails.
pub(crate) fn insert(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
    opened: &[EventOccurrence],
) -> Result<(), Fault> {
    for occurrence in opened {
        diesel::insert_into(event_occurrences::table)
            .values(OccurrenceRow::new(relationship, occurrence))
            .execute(c)?;
    }
    Ok(())
}

/// One that does not pend fails.
pub(crate) fn close(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
    closed: &[EventOccurrence],
) -> Result<(), Fault> {
    for occurrence in closed {
        let row = OccurrenceRow::new(relationship, occurrence);
        let updated = diesel::update(event_occurrences::table.find(row.id))
            .filter(event_occurrences::relationship_id.eq(row.relationship_id))
            .filter(event_occurrences::state.eq(name_of(OccurrenceStatus::Pending)))
            .set((
                event_occurrences::state.eq(row.state),
                event_occurrences::choice.eq(row.choice),
                event_occurrences::closed_at.eq(row.closed_at),
            ))
            .execute(c)?;
        if updated != 1 {
            return Err(Fault::Misuse("an event that is to be closed does not pend"));
        }
    }
    Ok(())
}

const LAST_ONES: &str = "
    select id, relationship_id, event, opened_at, expires_at, state, choice, closed_at
    from (
        select *, row_number() over (partition by event order by opened_at desc, id desc) as place
        from event_occurrences
        where relationship_id = ?1
    )
    where place = 1
    order by event";

struct LastOnes;

/// The newest of each event, by event.
pub(crate) fn last_ones(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
) -> Result<Vec<EventOccurrence>, Fault> {
    let binds = binds!(db(relationship) => Binary);
    read(Sql::<LastOnes, _, ColumnsOf<OccurrenceRow>>::new(LAST_ONES, binds).load(c)?)
}

/// Newest first.
pub(crate) fn page(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
    before: Option<OccurrencePlace>,
    limit: u32,
) -> Result<Vec<EventOccurrence>, Fault> {
    let mut page = event_occurrences::table
        .filter(event_occurrences::relationship_id.eq(db(relationship)))
        .order((
            event_occurrences::opened_at.desc(),
            event_occurrences::id.desc(),
        ))
        .limit(limit.into())
        .select(OccurrenceRow::as_select())
        .into_boxed();
    if let Some(OccurrencePlace { opened_at, id }) = before {
        let opened_at = opened_at.unix_micros();
        let is_earlier = event_occurrences::opened_at.lt(opened_at);
        let is_beside = event_occurrences::opened_at
            .eq(opened_at)
            .and(event_occurrences::id.lt(db(id)));
        page = page.filter(is_earlier.or(is_beside));
    }
    read(page.load(c)?)
}

pub(crate) fn get(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
    id: OccurrenceId,
) -> Result<Option<EventOccurrence>, Fault> {
    let row = event_occurrences::table
        .find(db(id))
        .filter(event_occurrences::relationship_id.eq(db(relationship)))
        .select(OccurrenceRow::as_select())
        .first(c)
        .optional()?;
    Ok(row.map(OccurrenceRow::into_occurrence).transpose()?)
}
