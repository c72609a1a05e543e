//! Ledger rows: how they are written, and what is asked about one of them.

mod buckets;
mod many;
mod pages;
mod standing;

use diesel::dsl::{exists, min, select};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use waifu_domain::affection::RuleBookHash;
use waifu_domain::ids::{RelationshipId, TurnId};
use waifu_domain::relationship::{Cause, Interaction, InteractionKind, LedgerPlace};
use waifu_domain::timestamp::Timestamp;

pub(crate) use buckets::buckets;
pub(crate) use many::columns;
pub(crate) use pages::{ledger, of_turn, rows_after};
pub(crate) use standing::{MOOD_ROWS, StandingRow, kinds_of_presence, standing};

use super::relationships::level;
use crate::columns::{Document, Moment, count, hash, number, scale, valid, word};
use crate::errors::Fault;
use crate::schema::interactions;

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = interactions, check_for_backend(Pg))]
pub(crate) struct InteractionRow {
    relationship_id: Uuid,
    no: i32,
    id: Uuid,
    kind: String,
    at: Moment,
    requested_change: i32,
    affection_change: i32,
    affection_after: i32,
    level_after: i32,
    reasons: Document,
    facts: Document,
    cause: Document,
    turn_id: Option<Uuid>,
    voids_no: Option<i32>,
    rule_book: Vec<u8>,
}

impl InteractionRow {
    /// `settled` is the turn in whose settlement the row is written.
    pub(crate) fn of(entry: &Interaction, settled: Option<TurnId>) -> Result<Self, Fault> {
        let (turn_id, voids_no) = match &entry.cause {
            Cause::Turn { turn_id, .. } => (Some(*turn_id), None),
            Cause::Absence => (settled, None),
            Cause::Voided { no } => (None, Some(number(*no)?)),
            Cause::Gift { .. }
            | Cause::Date { .. }
            | Cause::Occurrence { .. }
            | Cause::Operator { .. } => (None, None),
        };
        Ok(Self {
            relationship_id: entry.place.relationship_id.into(),
            no: number(entry.place.no)?,
            id: entry.place.id.into(),
            kind: word(entry.kind),
            at: Moment(entry.timestamp),
            requested_change: entry.requested_change,
            affection_change: entry.affection_change,
            affection_after: entry.affection_after.get(),
            level_after: entry.level_after.get().into(),
            reasons: Document::of(&entry.reasons),
            facts: Document::of(&entry.facts),
            cause: Document::of(&entry.cause),
            turn_id: turn_id.map(Uuid::from),
            voids_no,
            rule_book: entry.rule_book.as_bytes().to_vec(),
        })
    }

    fn read(self) -> Result<Interaction, Fault> {
        let place = LedgerPlace {
            id: self.id.into(),
            relationship_id: self.relationship_id.into(),
            no: count("interactions.no", self.no)?,
        };
        Ok(Interaction {
            place,
            kind: scale("interactions.kind", &self.kind)?,
            timestamp: self.at.0,
            requested_change: self.requested_change,
            affection_change: self.affection_change,
            affection_after: valid(
                "interactions.affection_after",
                self.affection_after.try_into(),
            )?,
            level_after: level("interactions.level_after", self.level_after)?,
            reasons: self.reasons.read("interactions.reasons")?,
            facts: self.facts.read("interactions.facts")?,
            cause: self.cause.read("interactions.cause")?,
            rule_book: RuleBookHash::from_bytes(hash("interactions.rule_book", &self.rule_book)?),
        })
    }
}

pub(crate) async fn insert(
    connection: &mut AsyncPgConnection,
    entries: &[Interaction],
    settled: Option<TurnId>,
) -> Result<(), Fault> {
    if entries.is_empty() {
        return Ok(());
    }
    let rows = entries
        .iter()
        .map(|entry| InteractionRow::of(entry, settled))
        .collect::<Result<Vec<_>, Fault>>()?;
    diesel::insert_into(interactions::table)
        .values(rows)
        .execute(connection)
        .await?;
    Ok(())
}

/// When the newest row was written.
pub(crate) async fn newest_at(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
) -> Result<Option<Timestamp>, Fault> {
    let newest: Option<Moment> = interactions::table
        .filter(interactions::relationship_id.eq(relationship.as_uuid()))
        .order_by(interactions::no.desc())
        .select(interactions::at)
        .first(connection)
        .await
        .optional()?;
    Ok(newest.map(|at| at.0))
}

/// Whether a run of the turn has moved affection.
pub(crate) async fn turn_has_counted(
    connection: &mut AsyncPgConnection,
    turn: TurnId,
) -> Result<bool, Fault> {
    let row = interactions::table
        .filter(interactions::turn_id.eq(turn.as_uuid()))
        .filter(interactions::kind.eq(word(InteractionKind::Chat)));
    Ok(select(exists(row)).get_result(connection).await?)
}

/// The newest row before `at`.
pub(crate) async fn row_before(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
    at: Timestamp,
) -> Result<Option<Interaction>, Fault> {
    let row = interactions::table
        .filter(interactions::relationship_id.eq(relationship.as_uuid()))
        .filter(interactions::at.lt(Moment(at)))
        .order_by((interactions::at.desc(), interactions::no.desc()))
        .select(InteractionRow::as_select())
        .first(connection)
        .await
        .optional()?;
    row.map(InteractionRow::read).transpose()
}

/// The number of the first chat row of these turns.
pub(crate) async fn first_chat_row(
    connection: &mut AsyncPgConnection,
    turns: &[TurnId],
) -> Result<Option<u32>, Fault> {
    let turns: Vec<Uuid> = turns.iter().map(|turn| turn.as_uuid()).collect();
    let first: Option<i32> = interactions::table
        .filter(interactions::turn_id.eq_any(turns))
        .filter(interactions::kind.eq(word(InteractionKind::Chat)))
        .select(min(interactions::no))
        .get_result(connection)
        .await?;
    first.map(|no| count("interactions.no", no)).transpose()
}
