//! Relationships: where each is now, and the one way in which it moves on.

use std::collections::BTreeSet;

use async_trait::async_trait;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use waifu_app::ports::store::{Appended, LedgerRow, Relationships, StoreError};
use waifu_app::ports::turn_store::{Append, Moved};
use waifu_domain::ids::{RelationshipId, TurnId};
use waifu_domain::relationship::{
    Affection, Fact, Head, Level, Pair, Relationship, RelationshipState,
};
use waifu_domain::timestamp::Timestamp;

use super::{durable_events, event_occurrences, interactions};
use crate::columns::{Document, Moment, count, number, valid};
use crate::errors::Fault;
use crate::schema::relationships;
use crate::unit_of_work::Repository;

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = relationships, check_for_backend(Pg))]
pub(crate) struct RelationshipRow {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) waifu_id: Uuid,
    pub(crate) affection: i32,
    pub(crate) level: i32,
    pub(crate) facts: Document,
    pub(crate) last_interaction: Option<Moment>,
    pub(crate) epoch: Uuid,
    pub(crate) head_seq: i64,
    pub(crate) last_entry_no: i32,
    pub(crate) version: i32,
    pub(crate) created_at: Moment,
}

impl RelationshipRow {
    /// Two who have just met.
    pub(crate) fn first(id: RelationshipId, pair: Pair, epoch: Uuid, at: Timestamp) -> Self {
        Self {
            id: id.into(),
            user_id: pair.user_id.into(),
            waifu_id: pair.waifu_id.into(),
            affection: Affection::NONE.get(),
            level: Level::STRANGER.get().into(),
            facts: Document::of(&BTreeSet::<Fact>::new()),
            last_interaction: None,
            epoch,
            head_seq: 0,
            last_entry_no: 0,
            version: 0,
            created_at: Moment(at),
        }
    }

    pub(crate) fn read(self) -> Result<Relationship, Fault> {
        Ok(Relationship {
            id: self.id.into(),
            pair: Pair {
                user_id: self.user_id.into(),
                waifu_id: self.waifu_id.into(),
            },
            affection: valid("relationships.affection", self.affection.try_into())?,
            level: level("relationships.level", self.level)?,
            facts: self.facts.read("relationships.facts")?,
            last_interaction: self.last_interaction.map(|at| at.0),
            epoch: self.epoch.into(),
            head: Head {
                seq: valid("relationships.head_seq", self.head_seq.try_into())?,
                entry_no: count("relationships.last_entry_no", self.last_entry_no)?,
                version: count("relationships.version", self.version)?,
            },
            created_at: self.created_at.0,
        })
    }
}

pub(crate) fn level(place: &'static str, number: i32) -> Result<Level, Fault> {
    let number: u8 = valid(place, number.try_into())?;
    valid(place, Level::try_from(number))
}

/// A number of a durable event, to be written.
pub(crate) fn sequence(number: u64) -> Result<i64, Fault> {
    i64::try_from(number).map_err(|_| Fault::TooMuch(number))
}

/// `lock`: nobody else changes it until the transaction ends; what only points at it is not kept waiting.
pub(crate) async fn find(
    connection: &mut AsyncPgConnection,
    pair: Pair,
    lock: bool,
) -> Result<Option<Relationship>, Fault> {
    let row = relationships::table
        .filter(relationships::user_id.eq(pair.user_id.as_uuid()))
        .filter(relationships::waifu_id.eq(pair.waifu_id.as_uuid()))
        .select(RelationshipRow::as_select());
    let row = if lock {
        row.for_no_key_update().first(connection).await
    } else {
        row.first(connection).await
    };
    row.optional()?.map(RelationshipRow::read).transpose()
}

/// Locks the relationship and tells the number of its newest event.
pub(crate) async fn lock_head(
    connection: &mut AsyncPgConnection,
    id: RelationshipId,
) -> Result<u64, Fault> {
    let seq: i64 = relationships::table
        .find(id.as_uuid())
        .select(relationships::head_seq)
        .for_no_key_update()
        .first(connection)
        .await
        .optional()?
        .ok_or(Fault::Missing("relationships"))?;
    valid("relationships.head_seq", seq.try_into())
}

/// What the rules look at. The caller sees to it that all is read at the relationship's head.
pub(crate) async fn state(
    connection: &mut AsyncPgConnection,
    relationship: &Relationship,
    entries_since: Timestamp,
) -> Result<RelationshipState, Fault> {
    Ok(RelationshipState {
        affection: relationship.affection,
        level: relationship.level,
        facts: relationship.facts.clone(),
        last_interaction: relationship.last_interaction,
        last_entry_at: interactions::newest_at(connection, relationship.id).await?,
        entries: interactions::standing(connection, relationship.id, entries_since).await?,
        last_occurrences: event_occurrences::last(connection, relationship.id).await?,
    })
}

/// Adds what an act did, if the relationship is still where the act was judged. `turn` is the one that it settles.
pub(crate) async fn append(
    connection: &mut AsyncPgConnection,
    append: &Append,
    turn: Option<TurnId>,
) -> Result<Appended, Fault> {
    if !move_head(connection, append).await? {
        return Ok(Appended::Stale);
    }
    let id = append.relationship_id;
    if let Some(moved) = &append.moved {
        interactions::insert(connection, &moved.entries, turn).await?;
    }
    event_occurrences::insert(connection, id, &append.opened).await?;
    let first_seq = append.expected.seq + 1;
    durable_events::insert(connection, id, first_seq, &append.events, append.at).await?;
    Ok(Appended::Done)
}

async fn move_head(connection: &mut AsyncPgConnection, append: &Append) -> Result<bool, Fault> {
    let head = append.head_after();
    let seq = relationships::head_seq.eq(sequence(head.seq)?);
    let expected = relationships::table
        .find(append.relationship_id.as_uuid())
        .filter(relationships::head_seq.eq(sequence(append.expected.seq)?));
    let moved = match &append.moved {
        None => diesel::update(expected).set(seq).execute(connection).await,
        Some(Moved { state, .. }) => {
            let state = (
                seq,
                relationships::last_entry_no.eq(number(head.entry_no)?),
                relationships::version.eq(number(head.version)?),
                relationships::affection.eq(state.affection.get()),
                relationships::level.eq(i32::from(state.level.get())),
                relationships::facts.eq(Document::of(&state.facts)),
                relationships::last_interaction.eq(state.last_interaction.map(Moment)),
            );
            diesel::update(expected)
                .set(state)
                .execute(connection)
                .await
        }
    };
    Ok(moved? == 1)
}

#[async_trait]
impl Relationships for Repository<'_> {
    async fn find(&mut self, pair: Pair) -> Result<Option<Relationship>, StoreError> {
        Ok(find(self.0, pair, false).await?)
    }

    async fn lock(&mut self, pair: Pair) -> Result<Option<Relationship>, StoreError> {
        Ok(find(self.0, pair, true).await?)
    }

    async fn state(
        &mut self,
        relationship: &Relationship,
        entries_since: Timestamp,
    ) -> Result<RelationshipState, StoreError> {
        Ok(state(self.0, relationship, entries_since).await?)
    }

    async fn append(&mut self, act: Append) -> Result<Appended, StoreError> {
        Ok(append(self.0, &act, None).await?)
    }

    async fn ledger(
        &mut self,
        relationship: RelationshipId,
        before_no: Option<u32>,
        limit: u32,
    ) -> Result<Vec<LedgerRow>, StoreError> {
        Ok(interactions::ledger(self.0, relationship, before_no, limit).await?)
    }
}
