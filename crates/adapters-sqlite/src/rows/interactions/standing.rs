//! The rows that the rules look at.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool};
use waifu_domain::ids::RelationshipId;
use waifu_domain::relationship::{Horizon, StandingEntry};
use waifu_domain::timestamp::Timestamp;

use crate::errors::{Corrupt, Fault};
use crate::schema::interactions;
use crate::sql::{ColumnsOf, Sql, binds};
use crate::types::{checked, db, from_json, named};

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

/// The rows of the windows and the newest at which the user was there, without those taken back; and last, marked, the
/// newest row of all. Five of the newest decide her mood, however old they are. Each part has an index of its own, that
/// of deeds in its own words.
const STANDING: &str = "
    select 0, no, kind, at, requested_change, affection_change, cause
    from interactions
    where relationship_id = ?1 and at > ?2
        and not exists (
            select 1 from interactions as reversals
            where reversals.relationship_id = ?1 and reversals.voids_no = interactions.no
        )
    union all
    select 0, no, kind, at, requested_change, affection_change, cause
    from interactions
    where relationship_id = ?1 and kind in ('gift', 'date', 'event') and at > ?3 and at <= ?2
        and not exists (
            select 1 from interactions as reversals
            where reversals.relationship_id = ?1 and reversals.voids_no = interactions.no
        )
    union all
    select * from (
        select 0, no, kind, at, requested_change, affection_change, cause
        from interactions
        where relationship_id = ?1 and kind in ('chat', 'gift', 'date', 'event')
            and not exists (
                select 1 from interactions as reversals
                where reversals.relationship_id = ?1 and reversals.voids_no = interactions.no
            )
        order by no desc
        limit 5
    )
    where at <= ?2
    union all
    select * from (
        select 1, no, kind, at, requested_change, affection_change, cause
        from interactions
        where relationship_id = ?1
        order by no desc
        limit 1
    )";

struct Tag;

/// What the rules look at, in the order of the rows; and when the newest row was written.
pub(crate) fn standing(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
    horizon: Horizon,
) -> Result<(Vec<StandingEntry>, Option<Timestamp>), Fault> {
    let binds = binds!(
        db(relationship) => Binary,
        horizon.chats.unix_micros() => BigInt,
        horizon.deeds.unix_micros() => BigInt,
    );
    let rows: Vec<(bool, EntryRow)> =
        Sql::<Tag, _, (Bool, ColumnsOf<EntryRow>)>::new(STANDING, binds).load(c)?;
    let mut last_at = None;
    let mut by_no = BTreeMap::new();
    for (is_the_last, row) in rows {
        if is_the_last {
            last_at = Some(Timestamp::from_unix_micros(row.at));
        } else {
            by_no.insert(row.no, row);
        }
    }
    let entries: Result<Vec<_>, _> = by_no.into_values().map(EntryRow::into_entry).collect();
    Ok((entries?, last_at))
}

#[cfg(test)]
mod tests {
    use waifu_domain::relationship::{InteractionKind, Presence};

    use super::STANDING;
    use crate::types::name_of;

    #[test]
    fn the_newest_are_those_at_which_the_user_was_there() {
        let kinds = Presence::ALL.map(|presence| name_of(InteractionKind::from(presence)));
        let kinds = format!("kind in ('{}')", kinds.join("', '"));
        assert_eq!(STANDING.matches(&kinds).count(), 1, "{kinds}");
    }
}
