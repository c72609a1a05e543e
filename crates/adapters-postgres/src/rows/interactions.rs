//! Ledger rows.

use std::collections::BTreeMap;

use diesel::dsl::{exists, not, select};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use waifu_app::ports::store::LedgerRow;
use waifu_domain::affection::RuleBookHash;
use waifu_domain::ids::{RelationshipId, TurnId};
use waifu_domain::relationship::{Cause, Interaction, InteractionKind, LedgerPlace, StandingEntry};
use waifu_domain::timestamp::Timestamp;

use super::messages;
use super::relationships::level;
use crate::columns::{Document, Moment, count, hash, number, scale, valid, word};
use crate::errors::Fault;
use crate::schema::interactions;

/// So many rows of presence decide her mood.
const MOOD_ROWS: i64 = 5;

const PRESENCE: [InteractionKind; 4] = [
    InteractionKind::Chat,
    InteractionKind::Gift,
    InteractionKind::Date,
    InteractionKind::Event,
];

diesel::alias!(interactions as reversals: Reversals);

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = interactions, check_for_backend(Pg))]
struct InteractionRow {
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
    fn of(entry: &Interaction, settled: Option<TurnId>) -> Result<Self, Fault> {
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

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = interactions, check_for_backend(Pg))]
struct StandingRow {
    no: i32,
    kind: String,
    at: Moment,
    requested_change: i32,
    affection_change: i32,
    cause: Document,
}

impl StandingRow {
    fn read(self) -> Result<StandingEntry, Fault> {
        Ok(StandingEntry {
            no: count("interactions.no", self.no)?,
            kind: scale("interactions.kind", &self.kind)?,
            at: self.at.0,
            requested_change: self.requested_change,
            affection_change: self.affection_change,
            cause: self.cause.read("interactions.cause")?,
        })
    }
}

pub(crate) async fn insert(
    connection: &mut AsyncPgConnection,
    entries: &[Interaction],
    settled: Option<TurnId>,
) -> Result<(), Fault> {
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

/// The rows that count: those after `since`, and those that decide her mood, in the ledger's order.
pub(crate) async fn standing(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
    since: Timestamp,
) -> Result<Vec<StandingEntry>, Fault> {
    let reversal = reversals
        .filter(
            reversals
                .field(interactions::relationship_id)
                .eq(interactions::relationship_id),
        )
        .filter(
            reversals
                .field(interactions::voids_no)
                .eq(interactions::no.nullable()),
        );
    let standing = interactions::table
        .filter(interactions::relationship_id.eq(relationship.as_uuid()))
        .filter(not(exists(reversal)))
        .select(StandingRow::as_select());
    let recent = standing
        .filter(interactions::at.gt(Moment(since)))
        .load(connection)
        .await?;
    let felt = standing
        .filter(interactions::kind.eq_any(PRESENCE.map(word)))
        .order_by(interactions::no.desc())
        .limit(MOOD_ROWS)
        .load(connection)
        .await?;
    let by_no: BTreeMap<i32, StandingRow> = recent
        .into_iter()
        .chain(felt)
        .map(|row| (row.no, row))
        .collect();
    by_no.into_values().map(StandingRow::read).collect()
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

/// What the turn wrote, in the ledger's order.
pub(crate) async fn of_turn(
    connection: &mut AsyncPgConnection,
    turn: TurnId,
) -> Result<Vec<LedgerRow>, Fault> {
    let rows = interactions::table
        .filter(interactions::turn_id.eq(turn.as_uuid()))
        .order_by(interactions::no)
        .select(InteractionRow::as_select())
        .load(connection)
        .await?;
    with_words(connection, rows).await
}

/// Newest first.
pub(crate) async fn ledger(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
    before_no: Option<u32>,
    limit: u32,
) -> Result<Vec<LedgerRow>, Fault> {
    let before = before_no.map_or(i32::MAX, |no| i32::try_from(no).unwrap_or(i32::MAX));
    let rows = interactions::table
        .filter(interactions::relationship_id.eq(relationship.as_uuid()))
        .filter(interactions::no.lt(before))
        .order_by(interactions::no.desc())
        .limit(limit.into())
        .select(InteractionRow::as_select())
        .load(connection)
        .await?;
    with_words(connection, rows).await
}

async fn with_words(
    connection: &mut AsyncPgConnection,
    rows: Vec<InteractionRow>,
) -> Result<Vec<LedgerRow>, Fault> {
    let chat = word(InteractionKind::Chat);
    let turns = rows
        .iter()
        .filter(|row| row.kind == chat)
        .filter_map(|row| row.turn_id)
        .collect();
    let mut said = messages::said_in(connection, turns).await?;
    rows.into_iter()
        .map(|row| {
            let turn = row.turn_id.filter(|_| row.kind == chat);
            Ok(LedgerRow {
                said: turn.and_then(|turn| said.remove(&turn)),
                interaction: row.read()?,
            })
        })
        .collect()
}
