//! The ledger: its rows, how they are written, and what is asked about one of them.

mod buckets;
mod pages;
mod standing;

use diesel::dsl::{exists, min};
use diesel::prelude::*;
use waifu_domain::affection::RuleBookHash;
use waifu_domain::ids::{RelationshipId, TurnId};
use waifu_domain::relationship::{Cause, Interaction, InteractionKind, LedgerPlace};
use waifu_domain::timestamp::Timestamp;

pub(crate) use buckets::buckets;
pub(crate) use pages::{ledger, of_turn, rows_after};
pub(crate) use standing::standing;

use super::relationships::{affection, level};
use crate::errors::{Corrupt, Fault};
use crate::schema::interactions;
use crate::types::{
    BOUND_AT_ONCE, DbUuid, bytes32, checked, db, from_json, name_of, named, to_json,
};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = interactions, treat_none_as_default_value = false)]
struct InteractionRow {
    relationship_id: DbUuid,
    no: i64,
    id: DbUuid,
    kind: String,
    at: i64,
    requested_change: i64,
    affection_change: i64,
    affection_after: i64,
    level_after: i64,
    reasons: String,
    facts: String,
    cause: String,
    turn_id: Option<DbUuid>,
    voids_no: Option<i64>,
    rule_book: Vec<u8>,
}

impl InteractionRow {
    /// An absence is found by a turn, which its own cause does not name.
    fn new(row: &Interaction, settled: Option<TurnId>) -> Self {
        let (turn_id, voids_no) = match &row.cause {
            Cause::Turn { turn_id, .. } => (Some(*turn_id), None),
            Cause::Absence => (settled, None),
            Cause::Voided { no } => (None, Some(i64::from(*no))),
            Cause::Gift { .. }
            | Cause::Date { .. }
            | Cause::Occurrence { .. }
            | Cause::Operator { .. } => (None, None),
        };
        Self {
            relationship_id: db(row.place.relationship_id),
            no: row.place.no.into(),
            id: db(row.place.id),
            kind: name_of(row.kind),
            at: row.timestamp.unix_micros(),
            requested_change: row.requested_change.into(),
            affection_change: row.affection_change.into(),
            affection_after: row.affection_after.get().into(),
            level_after: row.level_after.get().into(),
            reasons: to_json(&row.reasons),
            facts: to_json(&row.facts),
            cause: to_json(&row.cause),
            turn_id: turn_id.map(db),
            voids_no,
            rule_book: row.rule_book.as_bytes().to_vec(),
        }
    }

    fn into_interaction(self) -> Result<Interaction, Corrupt> {
        Ok(Interaction {
            place: LedgerPlace {
                id: self.id.id(),
                relationship_id: self.relationship_id.id(),
                no: checked("interactions.no", self.no)?,
            },
            kind: named("interactions.kind", &self.kind)?,
            timestamp: Timestamp::from_unix_micros(self.at),
            requested_change: checked("interactions.requested_change", self.requested_change)?,
            affection_change: checked("interactions.affection_change", self.affection_change)?,
            affection_after: affection("interactions.affection_after", self.affection_after)?,
            level_after: level("interactions.level_after", self.level_after)?,
            reasons: from_json("interactions.reasons", &self.reasons)?,
            facts: from_json("interactions.facts", &self.facts)?,
            cause: from_json("interactions.cause", &self.cause)?,
            rule_book: RuleBookHash::from_bytes(bytes32(
                "interactions.rule_book",
                &self.rule_book,
            )?),
        })
    }
}

pub(crate) fn insert(
    c: &mut SqliteConnection,
    rows: &[Interaction],
    settled: Option<TurnId>,
) -> Result<(), Fault> {
    // Mostly there is one, and the statement for one stays prepared.
    for row in rows {
        diesel::insert_into(interactions::table)
            .values(InteractionRow::new(row, settled))
            .execute(c)?;
    }
    Ok(())
}

/// Whether the turn has moved affection, be it that the row was voided since.
pub(crate) fn has_moved(c: &mut SqliteConnection, turn: TurnId) -> Result<bool, Fault> {
    let chat = interactions::table
        .filter(interactions::turn_id.eq(db(turn)))
        .filter(interactions::kind.eq(name_of(InteractionKind::Chat)));
    Ok(diesel::select(exists(chat)).get_result(c)?)
}

/// The newest row before `at`.
pub(crate) fn row_before(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
    at: Timestamp,
) -> Result<Option<Interaction>, Fault> {
    let row = interactions::table
        .filter(interactions::relationship_id.eq(db(relationship)))
        .filter(interactions::at.lt(at.unix_micros()))
        .order((interactions::at.desc(), interactions::no.desc()))
        .select(InteractionRow::as_select())
        .first(c)
        .optional()?;
    Ok(row.map(InteractionRow::into_interaction).transpose()?)
}

/// The number of the first chat row of these turns.
pub(crate) fn first_chat_row(
    c: &mut SqliteConnection,
    turns: &[TurnId],
) -> Result<Option<u32>, Fault> {
    let mut first: Option<i64> = None;
    for turns in turns.chunks(BOUND_AT_ONCE) {
        let found: Option<i64> = interactions::table
            .filter(interactions::turn_id.eq_any(turns.iter().copied().map(db)))
            .filter(interactions::kind.eq(name_of(InteractionKind::Chat)))
            .select(min(interactions::no))
            .get_result(c)?;
        first = first.into_iter().chain(found).min();
    }
    Ok(first.map(|no| checked("interactions.no", no)).transpose()?)
}
