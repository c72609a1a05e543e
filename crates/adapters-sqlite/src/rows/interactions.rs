//! The ledger.

use std::collections::BTreeMap;

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use waifu_app::ports::store::LedgerRow;
use waifu_domain::affection::RuleBookHash;
use waifu_domain::ids::{RelationshipId, TurnId};
use waifu_domain::relationship::{Cause, Interaction, InteractionKind, LedgerPlace, StandingEntry};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{Speaker, plain_text};

use super::messages::parts;
use super::relationships::{affection, level};
use crate::errors::{Corrupt, Fault};
use crate::schema::{interactions, messages, turns};
use crate::types::{DbUuid, bytes32, checked, db, from_json, name_of, named, to_json};

/// So many of the newest rows decide her mood, however old they are.
const NEWEST: i64 = 5;

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

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = interactions)]
struct EntryRow {
    no: i64,
    kind: String,
    at: i64,
    requested_change: i64,
    affection_change: i64,
    cause: String,
}

impl EntryRow {
    fn into_entry(self) -> Result<StandingEntry, Corrupt> {
        Ok(StandingEntry {
            no: checked("interactions.no", self.no)?,
            kind: named("interactions.kind", &self.kind)?,
            at: Timestamp::from_unix_micros(self.at),
            requested_change: checked("interactions.requested_change", self.requested_change)?,
            affection_change: checked("interactions.affection_change", self.affection_change)?,
            cause: from_json("interactions.cause", &self.cause)?,
        })
    }
}

pub(crate) fn insert(
    c: &mut SqliteConnection,
    rows: &[Interaction],
    settled: Option<TurnId>,
) -> Result<(), Fault> {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| InteractionRow::new(row, settled))
        .collect();
    diesel::insert_into(interactions::table)
        .values(rows)
        .execute(c)?;
    Ok(())
}

/// Whether the turn has moved affection, be it that the row was voided since.
pub(crate) fn has_moved(c: &mut SqliteConnection, turn: TurnId) -> Result<bool, Fault> {
    let chat = interactions::table
        .filter(interactions::turn_id.eq(db(turn)))
        .filter(interactions::kind.eq(name_of(InteractionKind::Chat)));
    Ok(diesel::select(exists(chat)).get_result(c)?)
}

pub(crate) fn last_at(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
) -> Result<Option<Timestamp>, Fault> {
    let at = interactions::table
        .filter(interactions::relationship_id.eq(db(relationship)))
        .order(interactions::no.desc())
        .select(interactions::at)
        .first(c)
        .optional()?;
    Ok(at.map(Timestamp::from_unix_micros))
}

/// The rows of the window and the newest at which the user was there, without those taken back; in their order.
pub(crate) fn standing(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
    since: Timestamp,
) -> Result<Vec<StandingEntry>, Fault> {
    let reversals = diesel::alias!(interactions as reversals);
    let voided = reversals
        .filter(
            reversals
                .field(interactions::relationship_id)
                .eq(db(relationship)),
        )
        .filter(
            reversals
                .field(interactions::voids_no)
                .eq(interactions::no.nullable()),
        );
    let standing = interactions::table
        .filter(interactions::relationship_id.eq(db(relationship)))
        .filter(not(exists(voided)))
        .select(EntryRow::as_select());
    let in_window: Vec<EntryRow> = standing
        .filter(interactions::at.gt(since.unix_micros()))
        .load(c)?;
    let newest: Vec<EntryRow> = standing
        .filter(interactions::kind.eq_any(presences()))
        .order(interactions::no.desc())
        .limit(NEWEST)
        .load(c)?;
    let by_no: BTreeMap<i64, EntryRow> = in_window
        .into_iter()
        .chain(newest)
        .map(|row| (row.no, row))
        .collect();
    let entries: Result<Vec<_>, _> = by_no.into_values().map(EntryRow::into_entry).collect();
    Ok(entries?)
}

fn presences() -> [String; 4] {
    [
        InteractionKind::Chat,
        InteractionKind::Gift,
        InteractionKind::Date,
        InteractionKind::Event,
    ]
    .map(name_of)
}

/// Newest first, those before `before_no`.
pub(crate) fn ledger(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
    before_no: Option<u32>,
    limit: u32,
) -> Result<Vec<LedgerRow>, Fault> {
    let before = before_no.map_or(i64::MAX, i64::from);
    let rows = interactions::table
        .left_join(turns::table.on(turns::id.nullable().eq(interactions::turn_id)))
        .left_join(
            messages::table.on(messages::conversation_id
                .eq(turns::conversation_id)
                .and(messages::turn_no.eq(turns::turn_no))
                .and(messages::speaker.eq(name_of(Speaker::User)))),
        )
        .filter(interactions::relationship_id.eq(db(relationship)))
        .filter(interactions::no.lt(before))
        .order(interactions::no.desc())
        .limit(limit.into())
        .select((InteractionRow::as_select(), messages::content.nullable()))
        .load(c)?;
    rows.into_iter().map(into_ledger_row).collect()
}

/// The rows that a turn wrote, in their order.
pub(crate) fn of_turn(c: &mut SqliteConnection, turn: TurnId) -> Result<Vec<LedgerRow>, Fault> {
    let rows = interactions::table
        .left_join(turns::table.on(turns::id.nullable().eq(interactions::turn_id)))
        .left_join(
            messages::table.on(messages::conversation_id
                .eq(turns::conversation_id)
                .and(messages::turn_no.eq(turns::turn_no))
                .and(messages::speaker.eq(name_of(Speaker::User)))),
        )
        .filter(interactions::turn_id.eq(db(turn)))
        .order(interactions::no)
        .select((InteractionRow::as_select(), messages::content.nullable()))
        .load(c)?;
    rows.into_iter().map(into_ledger_row).collect()
}

/// A decay belongs to a turn as well, but nobody said it.
fn into_ledger_row((row, content): (InteractionRow, Option<String>)) -> Result<LedgerRow, Fault> {
    let interaction = row.into_interaction()?;
    let said = match content {
        Some(content) if interaction.kind == InteractionKind::Chat => {
            Some(plain_text(&parts(&content)?))
        }
        _ => None,
    };
    Ok(LedgerRow { interaction, said })
}
