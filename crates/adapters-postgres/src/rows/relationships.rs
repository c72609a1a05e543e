//! Relationships: where each is now, and the one way in which it moves on.

use async_trait::async_trait;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::Duration;
use uuid::Uuid;
use waifu_app::ports::store::{
    Appended, Bucket, LedgerRow, OccurrencePlace, Relationships, StoreError, TimeSpan,
};
use waifu_app::ports::turn_store::{Append, FirstMeeting, Moved};
use waifu_domain::events::EventOccurrence;
use waifu_domain::ids::{OccurrenceId, RelationshipId, TurnId, UserId, WaifuId};
use waifu_domain::relationship::{
    Cause, Head, Horizon, Interaction, Level, Pair, Relationship, RelationshipState, StandingEntry,
};
use waifu_domain::timestamp::Timestamp;

use super::{conversations, durable_events, event_occurrences, interactions};
use crate::columns::{Document, Moment, count, number, read_or_default, valid};
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
    pub(crate) counts: Option<Document>,
    pub(crate) deeds: Option<Document>,
}

impl RelationshipRow {
    /// Two who have just met.
    fn first(first: FirstMeeting, pair: Pair, at: Timestamp) -> Self {
        let strangers = RelationshipState::strangers();
        Self {
            id: first.relationship_id.into(),
            user_id: pair.user_id.into(),
            waifu_id: pair.waifu_id.into(),
            affection: strangers.affection.get(),
            level: strangers.level.get().into(),
            facts: Document::of(&strangers.facts),
            last_interaction: None,
            epoch: first.epoch.into(),
            head_seq: 0,
            last_entry_no: 0,
            version: 0,
            created_at: Moment(at),
            counts: Some(Document::of(&strangers.counts)),
            deeds: Some(Document::of(&strangers.deeds)),
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
            counts: read_or_default("relationships.counts", self.counts.as_ref())?,
            deeds: read_or_default("relationships.deeds", self.deeds.as_ref())?,
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

/// Makes the relationship, unless another act of the same two was faster; locked it is in either case.
pub(crate) async fn make(
    connection: &mut AsyncPgConnection,
    pair: Pair,
    first: FirstMeeting,
    at: Timestamp,
) -> Result<Relationship, Fault> {
    let made = diesel::insert_into(relationships::table)
        .values(RelationshipRow::first(first, pair, at))
        .on_conflict((relationships::user_id, relationships::waifu_id))
        .do_nothing()
        .execute(connection)
        .await?;
    if made == 1 {
        let (id, conversation) = (first.relationship_id, first.conversation_id);
        conversations::insert_default(connection, conversation, id, at).await?;
    }
    find(connection, pair, true)
        .await?
        .ok_or(Fault::Missing("relationships"))
}

async fn meet(
    connection: &mut AsyncPgConnection,
    pair: Pair,
    first: FirstMeeting,
    at: Timestamp,
) -> Result<Relationship, Fault> {
    match find(connection, pair, true).await? {
        Some(known) => Ok(known),
        None => make(connection, pair, first, at).await,
    }
}

async fn with_any(
    connection: &mut AsyncPgConnection,
    user: UserId,
    waifus: &[WaifuId],
) -> Result<Vec<Relationship>, Fault> {
    let waifus: Vec<Uuid> = waifus.iter().map(|waifu| waifu.as_uuid()).collect();
    let rows = relationships::table
        .filter(relationships::user_id.eq(user.as_uuid()))
        .filter(relationships::waifu_id.eq_any(waifus))
        .select(RelationshipRow::as_select())
        .load(connection)
        .await?;
    rows.into_iter().map(RelationshipRow::read).collect()
}

async fn count_all(connection: &mut AsyncPgConnection) -> Result<u64, Fault> {
    let all: i64 = relationships::table.count().get_result(connection).await?;
    valid("relationships", all.try_into())
}

/// In the order of their ids.
async fn all(
    connection: &mut AsyncPgConnection,
    after: Option<RelationshipId>,
    limit: u32,
) -> Result<Vec<Relationship>, Fault> {
    // No id is the first of ids.
    let after = after.map_or(Uuid::nil(), Uuid::from);
    let rows = relationships::table
        .filter(relationships::id.gt(after))
        .order_by(relationships::id)
        .limit(limit.into())
        .select(RelationshipRow::as_select())
        .load(connection)
        .await?;
    rows.into_iter().map(RelationshipRow::read).collect()
}

/// In the order of their ids.
pub(super) async fn of_user(
    connection: &mut AsyncPgConnection,
    user: UserId,
    after: Option<RelationshipId>,
    limit: u32,
) -> Result<Vec<Relationship>, Fault> {
    // No id is the first of ids.
    let after = after.map_or(Uuid::nil(), Uuid::from);
    let rows = relationships::table
        .filter(relationships::user_id.eq(user.as_uuid()))
        .filter(relationships::id.gt(after))
        .order_by(relationships::id)
        .limit(limit.into())
        .select(RelationshipRow::as_select())
        .load(connection)
        .await?;
    rows.into_iter().map(RelationshipRow::read).collect()
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
    horizon: Horizon,
) -> Result<RelationshipState, Fault> {
    Ok(state_of(
        relationship,
        interactions::newest_at(connection, relationship.id).await?,
        interactions::standing(connection, relationship.id, horizon).await?,
        event_occurrences::last(connection, relationship.id).await?,
    ))
}

pub(crate) fn state_of(
    relationship: &Relationship,
    last_entry_at: Option<Timestamp>,
    entries: Vec<StandingEntry>,
    last_occurrences: Vec<EventOccurrence>,
) -> RelationshipState {
    RelationshipState {
        affection: relationship.affection,
        level: relationship.level,
        facts: relationship.facts.clone(),
        met_at: Some(relationship.created_at),
        last_interaction: relationship.last_interaction,
        counts: relationship.counts,
        deeds: relationship.deeds.clone(),
        last_entry_no: relationship.head.entry_no,
        last_entry_at,
        entries,
        last_occurrences,
    }
}

/// Adds what an act did, if the relationship is still where the act was judged. `turn` is the one that it settles.
pub(crate) async fn append(
    connection: &mut AsyncPgConnection,
    append: &Append,
    turn: Option<TurnId>,
) -> Result<Appended, Fault> {
    let id = append.relationship_id;
    if !append.closed.is_empty() {
        // Before the first write, since the unit of work of a refusal can still be committed; and under the lock,
        // so that what pends at the expected head goes on to.
        if lock_head(connection, id).await? != append.expected.seq {
            return Ok(Appended::Stale);
        }
        event_occurrences::check_all_pend(connection, id, &append.closed).await?;
    }
    if !move_head(connection, append).await? {
        return Ok(Appended::Stale);
    }
    if let Some(moved) = &append.moved {
        interactions::insert(connection, &moved.entries, turn).await?;
    }
    // One that closes makes room for the next of its event.
    event_occurrences::close(connection, id, &append.closed).await?;
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
        Some(act) => {
            let state = &act.state;
            // `None` leaves the column as it is.
            let deeds = changed_deeds(act).map(|deeds| relationships::deeds.eq(deeds));
            let state = (
                seq,
                relationships::last_entry_no.eq(number(head.entry_no)?),
                relationships::version.eq(number(head.version)?),
                relationships::affection.eq(state.affection.get()),
                relationships::level.eq(i32::from(state.level.get())),
                relationships::facts.eq(Document::of(&state.facts)),
                relationships::last_interaction.eq(state.last_interaction.map(Moment)),
                relationships::counts.eq(Document::of(&state.counts)),
                deeds,
            );
            diesel::update(expected)
                .set(state)
                .execute(connection)
                .await
        }
    };
    Ok(moved? == 1)
}

/// The longest column, which few acts change.
pub(crate) fn changed_deeds(Moved { entries, state }: &Moved) -> Option<Document> {
    entries
        .iter()
        .any(|entry| matches!(entry.cause, Cause::Gift { .. } | Cause::Date { .. }))
        .then(|| Document::of(&state.deeds))
}

#[async_trait]
impl Relationships for Repository<'_> {
    async fn find(&mut self, pair: Pair) -> Result<Option<Relationship>, StoreError> {
        Ok(find(self.0, pair, false).await?)
    }

    async fn with_any(
        &mut self,
        user: UserId,
        waifus: &[WaifuId],
    ) -> Result<Vec<Relationship>, StoreError> {
        Ok(with_any(self.0, user, waifus).await?)
    }

    async fn lock(&mut self, pair: Pair) -> Result<Option<Relationship>, StoreError> {
        Ok(find(self.0, pair, true).await?)
    }

    async fn meet(
        &mut self,
        pair: Pair,
        first: FirstMeeting,
        at: Timestamp,
    ) -> Result<Relationship, StoreError> {
        Ok(meet(self.0, pair, first, at).await?)
    }

    async fn state(
        &mut self,
        relationship: &Relationship,
        horizon: Horizon,
    ) -> Result<RelationshipState, StoreError> {
        Ok(state(self.0, relationship, horizon).await?)
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

    async fn rows_after(
        &mut self,
        relationship: RelationshipId,
        no: u32,
        limit: u32,
    ) -> Result<Vec<Interaction>, StoreError> {
        Ok(interactions::rows_after(self.0, relationship, no, limit).await?)
    }

    async fn first_chat_row(&mut self, turns: &[TurnId]) -> Result<Option<u32>, StoreError> {
        Ok(interactions::first_chat_row(self.0, turns).await?)
    }

    async fn buckets(
        &mut self,
        relationship: RelationshipId,
        span: TimeSpan,
        width: Duration,
    ) -> Result<Vec<Bucket>, StoreError> {
        Ok(interactions::buckets(self.0, relationship, span, width).await?)
    }

    async fn row_before(
        &mut self,
        relationship: RelationshipId,
        at: Timestamp,
    ) -> Result<Option<Interaction>, StoreError> {
        Ok(interactions::row_before(self.0, relationship, at).await?)
    }

    async fn occurrences(
        &mut self,
        relationship: RelationshipId,
        before: Option<OccurrencePlace>,
        limit: u32,
    ) -> Result<Vec<EventOccurrence>, StoreError> {
        Ok(event_occurrences::page(self.0, relationship, before, limit).await?)
    }

    async fn occurrence(
        &mut self,
        relationship: RelationshipId,
        id: OccurrenceId,
    ) -> Result<Option<EventOccurrence>, StoreError> {
        Ok(event_occurrences::get(self.0, relationship, id).await?)
    }

    async fn count(&mut self) -> Result<u64, StoreError> {
        Ok(count_all(self.0).await?)
    }

    async fn all(
        &mut self,
        after: Option<RelationshipId>,
        limit: u32,
    ) -> Result<Vec<Relationship>, StoreError> {
        Ok(all(self.0, after, limit).await?)
    }
}
