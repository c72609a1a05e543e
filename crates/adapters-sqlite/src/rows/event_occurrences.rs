//! The times that events came up.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use waifu_domain::events::{EventOccurrence, LastOccurrence};
use waifu_domain::ids::RelationshipId;
use waifu_domain::timestamp::Timestamp;

use crate::errors::{Corrupt, Fault};
use crate::schema::event_occurrences;
use crate::types::{DbUuid, checked, db, micros, name_of, named};

#[derive(Debug, Insertable)]
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

#[derive(Debug, QueryableByName)]
struct LastRow {
    #[diesel(sql_type = Text)]
    event: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    opened_at: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    closed_at: Option<i64>,
}

impl LastRow {
    fn into_last(self) -> Result<LastOccurrence, Corrupt> {
        Ok(LastOccurrence {
            event: checked("event_occurrences.event", self.event)?,
            state: named("event_occurrences.state", &self.state)?,
            at: Timestamp::from_unix_micros(self.closed_at.unwrap_or(self.opened_at)),
        })
    }
}

/// An event that pends already fails.
pub(crate) fn insert(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
    opened: &[EventOccurrence],
) -> Result<(), Fault> {
    let rows: Vec<_> = opened
        .iter()
        .map(|occurrence| OccurrenceRow {
            id: db(occurrence.id),
            relationship_id: db(relationship),
            event: occurrence.event.as_str().to_owned(),
            opened_at: occurrence.opened_at.unix_micros(),
            expires_at: micros(occurrence.expires_at),
            state: name_of(occurrence.state),
            choice: None,
            closed_at: None,
        })
        .collect();
    diesel::insert_into(event_occurrences::table)
        .values(rows)
        .execute(c)?;
    Ok(())
}

/// By event. With `max`, SQLite takes the bare columns from the row that holds the maximum.
pub(crate) fn last_ones(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
) -> Result<Vec<LastOccurrence>, Fault> {
    let rows = diesel::sql_query(
        "select event, state, closed_at, max(opened_at) as opened_at from event_occurrences \
         where relationship_id = ? group by event order by event",
    )
    .bind::<Binary, _>(db(relationship))
    .load::<LastRow>(c)?;
    let last: Result<Vec<_>, _> = rows.into_iter().map(LastRow::into_last).collect();
    Ok(last?)
}
