//! The rows that the rules look at.

use std::collections::BTreeMap;

use diesel::dsl::{exists, not, sql};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use waifu_domain::ids::RelationshipId;
use waifu_domain::relationship::{Horizon, InteractionKind, Presence, StandingEntry};

use crate::columns::{Document, Moment, count, scale, word};
use crate::errors::Fault;
use crate::schema::interactions;

/// So many rows of presence decide her mood.
pub(crate) const MOOD_ROWS: i64 = 5;

diesel::alias!(interactions as reversals: Reversals);

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = interactions, check_for_backend(Pg))]
pub(crate) struct StandingRow {
    pub(crate) no: i32,
    pub(crate) kind: String,
    pub(crate) at: Moment,
    pub(crate) requested_change: i32,
    pub(crate) affection_change: i32,
    pub(crate) cause: Document,
}

impl StandingRow {
    pub(crate) fn read(self) -> Result<StandingEntry, Fault> {
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

pub(crate) fn kinds_of_presence() -> Vec<String> {
    Presence::ALL
        .map(|presence| word(InteractionKind::from(presence)))
        .to_vec()
}

/// The rows that count: those within the horizon, and those that decide her mood, in the ledger's order.
pub(crate) async fn standing(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
    horizon: Horizon,
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
    // In the words of the index that holds these alone.
    let is_deed = sql::<Bool>("interactions.kind in ('gift', 'date', 'event')");
    let recent = standing.filter(interactions::at.gt(Moment(horizon.chats)));
    let deeds = standing
        .filter(is_deed)
        .filter(interactions::at.gt(Moment(horizon.deeds)));
    let felt = standing
        .filter(interactions::kind.eq_any(kinds_of_presence()))
        .order_by(interactions::no.desc())
        .limit(MOOD_ROWS);
    // Apart, so that each finds its own index; in one statement, since the way to the database is long.
    let rows: Vec<StandingRow> = recent
        .union_all(deeds)
        .union_all(felt)
        .load(connection)
        .await?;
    let by_no: BTreeMap<i32, StandingRow> = rows.into_iter().map(|row| (row.no, row)).collect();
    by_no.into_values().map(StandingRow::read).collect()
}
