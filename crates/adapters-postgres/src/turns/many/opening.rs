//! What a turn that was just accepted is answered from, as the statement that accepts it returns it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;
use waifu_app::ports::turn_store::{NewTurn, Opening, Standing};
use waifu_domain::ids::WaifuId;
use waifu_domain::prompt::Line;
use waifu_domain::relationship::StandingEntry;
use waifu_domain::turn::{MessagePart, TurnKind, plain_text};
use waifu_domain::waifu::Waifu;

use super::accept::reference;
use super::occurrences::{self, Occurrences};
use crate::columns::{Document, Moment, count, scale};
use crate::companions::Companions;
use crate::errors::Fault;
use crate::rows::interactions::StandingRow;
use crate::rows::relationships::{RelationshipRow, state_of};
use crate::rows::users::PersonRow;
use crate::rows::waifus::WaifuRow;

type Many<T> = Nullable<Array<T>>;

pub(super) type Kinds = (
    SqlUuid,
    Integer,
    SqlUuid,
    SqlTypeOf<AsSelect<RelationshipRow, Pg>>,
    SqlTypeOf<AsSelect<PersonRow, Pg>>,
    SqlTypeOf<AsSelect<Option<WaifuRow>, Pg>>,
    (Many<Text>, Many<Jsonb>),
    Nullable<Timestamptz>,
    (
        Many<Integer>,
        Many<Text>,
        Many<Timestamptz>,
        Many<Integer>,
        Many<Integer>,
        Many<Jsonb>,
    ),
    occurrences::Kinds,
);

#[derive(Queryable)]
pub(super) struct Row {
    pub(super) turn_id: Uuid,
    turn_no: i32,
    conversation_id: Uuid,
    relationship: RelationshipRow,
    person: PersonRow,
    /// Of whom the asker knew another version, or none.
    waifu: Option<WaifuRow>,
    history: History,
    newest_at: Option<Moment>,
    entries: Entries,
    occurrences: Occurrences,
}

/// Newest first.
#[derive(Queryable)]
pub(super) struct History {
    speakers: Option<Vec<String>>,
    contents: Option<Vec<Document>>,
}

/// In no order, and some of them twice.
#[derive(Queryable)]
pub(super) struct Entries {
    nos: Option<Vec<i32>>,
    kinds: Option<Vec<String>>,
    ats: Option<Vec<Moment>>,
    requested: Option<Vec<i32>>,
    changes: Option<Vec<i32>>,
    causes: Option<Vec<Document>>,
}

impl Row {
    pub(super) fn read(
        self,
        turn: &NewTurn,
        known: &HashMap<WaifuId, Arc<Waifu>>,
        companions: &Companions,
    ) -> Result<Opening, Fault> {
        let relationship = self.relationship.read()?;
        let (user, person) = self.person.read()?;
        let waifu = match self.waifu {
            Some(anew) => {
                let waifu = Arc::new(anew.read()?);
                companions.keep(waifu.clone());
                waifu
            }
            None => known
                .get(&turn.pair.waifu_id)
                .cloned()
                .ok_or(Fault::Missing("waifus"))?,
        };
        let standing = Standing {
            turn: reference(turn, count("turns.turn_no", self.turn_no)?),
            kind: TurnKind::Chat,
            conversation_id: self.conversation_id.into(),
            ended: None,
            appraisal: turn.appraisal,
            words_so_far: String::new(),
            waifu,
            user,
            person,
            state: state_of(
                &relationship,
                self.newest_at.map(|at| at.0),
                self.entries.read()?,
                self.occurrences.read(relationship.id.into())?,
            ),
            relationship,
        };
        Ok(Opening {
            standing,
            history: self.history.read()?,
        })
    }
}

impl History {
    /// Oldest first.
    fn read(self) -> Result<Vec<Line>, Fault> {
        let speakers = self.speakers.unwrap_or_default();
        let contents = self.contents.unwrap_or_default();
        let lines = speakers.iter().zip(contents).rev();
        lines
            .map(|(speaker, content)| {
                let parts: Vec<MessagePart> = content.read("messages.content")?;
                Ok(Line {
                    speaker: scale("messages.speaker", speaker)?,
                    text: plain_text(&parts),
                })
            })
            .collect()
    }
}

impl Entries {
    fn read(self) -> Result<Vec<StandingEntry>, Fault> {
        let numbers = self
            .nos
            .unwrap_or_default()
            .into_iter()
            .zip(self.requested.unwrap_or_default())
            .zip(self.changes.unwrap_or_default());
        let words = self
            .kinds
            .unwrap_or_default()
            .into_iter()
            .zip(self.ats.unwrap_or_default())
            .zip(self.causes.unwrap_or_default());
        let by_no: BTreeMap<i32, StandingRow> = numbers
            .zip(words)
            .map(
                |(((no, requested_change), affection_change), ((kind, at), cause))| {
                    let row = StandingRow {
                        no,
                        kind,
                        at,
                        requested_change,
                        affection_change,
                        cause,
                    };
                    (no, row)
                },
            )
            .collect();
        by_no.into_values().map(StandingRow::read).collect()
    }
}
