//! The rows that the rules look at.

use std::collections::BTreeMap;

use diesel::dsl::{exists, not, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use waifu_domain::ids::RelationshipId;
use waifu_domain::relationship::{Horizon, InteractionKind, Presence, StandingEntry};
use waifu_domain::timestamp::Timestamp;

use crate::errors::{Corrupt, Fault};
use crate::schema::interactions;
use crate::types::{checked, db, from_json, name_of, named};

/// So many of the newest rows decide her mood, however old they are.
const NEWEST: i64 = 5;

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

/// The rows of the windows and the newest at which the user was there, without those taken back; in their order.
pub(crate) fn standing(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
    horizon: Horizon,
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
    // In the words of the index that holds these alone.
    let is_deed = sql::<Bool>("interactions.kind in ('gift', 'date', 'event')");
    let recent: Vec<EntryRow> = standing
        .filter(interactions::at.gt(horizon.chats.unix_micros()))
        .load(c)?;
    let deeds: Vec<EntryRow> = standing
        .filter(is_deed)
        .filter(interactions::at.gt(horizon.deeds.unix_micros()))
        .load(c)?;
    let newest: Vec<EntryRow> = standing
        .filter(interactions::kind.eq_any(presences()))
        .order(interactions::no.desc())
        .limit(NEWEST)
        .load(c)?;
    let by_no: BTreeMap<i64, EntryRow> = recent
        .into_iter()
        .chain(deeds)
        .chain(newest)
        .map(|row| (row.no, row))
        .collect();
    let entries: Result<Vec<_>, _> = by_no.into_values().map(EntryRow::into_entry).collect();
    Ok(entries?)
}

fn presences() -> [String; 4] {
    Presence::ALL.map(|presence| name_of(InteractionKind::from(presence)))
}
