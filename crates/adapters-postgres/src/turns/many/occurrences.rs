//! The newest occurrence of each event of a relationship, in columns.

use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;
use waifu_domain::events::EventOccurrence;

use crate::columns::Moment;
use crate::errors::Fault;
use crate::rows::event_occurrences::{OccurrenceRow, by_event};

pub(super) type Kinds = (
    Nullable<Array<SqlUuid>>,
    Nullable<Array<Text>>,
    Nullable<Array<Timestamptz>>,
    Nullable<Array<Nullable<Timestamptz>>>,
    Nullable<Array<Text>>,
    Nullable<Array<Nullable<Text>>>,
    Nullable<Array<Nullable<Timestamptz>>>,
);

#[derive(Queryable)]
pub(super) struct Occurrences {
    ids: Option<Vec<Uuid>>,
    events: Option<Vec<String>>,
    opened: Option<Vec<Moment>>,
    expiring: Option<Vec<Option<Moment>>>,
    states: Option<Vec<String>>,
    choices: Option<Vec<Option<String>>>,
    closed: Option<Vec<Option<Moment>>>,
}

impl Occurrences {
    /// By event.
    pub(super) fn read(self, relationship_id: Uuid) -> Result<Vec<EventOccurrence>, Fault> {
        let opened = self
            .ids
            .unwrap_or_default()
            .into_iter()
            .zip(self.events.unwrap_or_default())
            .zip(self.opened.unwrap_or_default())
            .zip(self.expiring.unwrap_or_default());
        let closed = self
            .states
            .unwrap_or_default()
            .into_iter()
            .zip(self.choices.unwrap_or_default())
            .zip(self.closed.unwrap_or_default());
        let rows = opened.zip(closed).map(
            |((((id, event), opened_at), expires_at), ((state, choice), closed_at))| {
                OccurrenceRow {
                    id,
                    relationship_id,
                    event,
                    opened_at,
                    expires_at,
                    state,
                    choice,
                    closed_at,
                }
            },
        );
        by_event(rows)
    }
}
