//! Relationships, and the state that the rules look at.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
use waifu_app::ports::store::Appended;
use waifu_app::ports::turn_store::{Append, Authority, FirstMeeting, Moved, Settlement};
use waifu_domain::ids::{RelationshipId, UserId, WaifuId};
use waifu_domain::relationship::{
    Affection, Cause, Head, Horizon, Level, Pair, Relationship, RelationshipState,
};
use waifu_domain::timestamp::Timestamp;

use super::{event_occurrences, interactions};
use crate::errors::{Corrupt, Fault};
use crate::schema::relationships;
use crate::sql::{Sql, binds};
use crate::types::{DbUuid, checked, db, from_json, from_json_or_default, micros, moment, to_json};

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = relationships)]
pub(crate) struct RelationshipRow {
    id: DbUuid,
    user_id: DbUuid,
    waifu_id: DbUuid,
    affection: i64,
    level: i64,
    facts: String,
    last_interaction: Option<i64>,
    epoch: DbUuid,
    head_seq: i64,
    last_entry_no: i64,
    version: i64,
    created_at: i64,
    counts: Option<String>,
    deeds: Option<String>,
}

impl RelationshipRow {
    pub(crate) fn into_relationship(self) -> Result<Relationship, Corrupt> {
        Ok(Relationship {
            id: self.id.id(),
            pair: Pair {
                user_id: self.user_id.id(),
                waifu_id: self.waifu_id.id(),
            },
            affection: affection("relationships.affection", self.affection)?,
            level: level("relationships.level", self.level)?,
            facts: from_json("relationships.facts", &self.facts)?,
            last_interaction: moment(self.last_interaction),
            counts: from_json_or_default("relationships.counts", self.counts.as_deref())?,
            deeds: from_json_or_default("relationships.deeds", self.deeds.as_deref())?,
            epoch: self.epoch.id(),
            head: Head {
                seq: checked("relationships.head_seq", self.head_seq)?,
                entry_no: checked("relationships.last_entry_no", self.last_entry_no)?,
                version: checked("relationships.version", self.version)?,
            },
            created_at: Timestamp::from_unix_micros(self.created_at),
        })
    }
}

pub(crate) fn affection(column: &'static str, points: i64) -> Result<Affection, Corrupt> {
    checked(column, checked::<i32, _>(column, points)?)
}

pub(crate) fn level(column: &'static str, level: i64) -> Result<Level, Corrupt> {
    checked(column, checked::<u8, _>(column, level)?)
}

/// Two who have just met, at the head before anything happened.
pub(crate) fn insert(
    c: &mut SqliteConnection,
    pair: Pair,
    first: &FirstMeeting,
    at: Timestamp,
) -> Result<(), Fault> {
    let strangers = RelationshipState::strangers();
    diesel::insert_into(relationships::table)
        .values((
            relationships::id.eq(db(first.relationship_id)),
            relationships::user_id.eq(db(pair.user_id)),
            relationships::waifu_id.eq(db(pair.waifu_id)),
            relationships::affection.eq(i64::from(strangers.affection.get())),
            relationships::level.eq(i64::from(strangers.level.get())),
            relationships::facts.eq(to_json(&strangers.facts)),
            relationships::counts.eq(to_json(&strangers.counts)),
            relationships::deeds.eq(to_json(&strangers.deeds)),
            relationships::epoch.eq(db(first.epoch)),
            relationships::head_seq.eq(0),
            relationships::last_entry_no.eq(0),
            relationships::version.eq(0),
            relationships::created_at.eq(at.unix_micros()),
        ))
        .execute(c)?;
    Ok(())
}

pub(crate) fn by_id(c: &mut SqliteConnection, id: RelationshipId) -> Result<Relationship, Fault> {
    let row = relationships::table
        .find(db(id))
        .select(RelationshipRow::as_select())
        .first(c)?;
    Ok(row.into_relationship()?)
}

pub(crate) fn by_pair(c: &mut SqliteConnection, pair: Pair) -> Result<Option<Relationship>, Fault> {
    let row = relationships::table
        .filter(relationships::user_id.eq(db(pair.user_id)))
        .filter(relationships::waifu_id.eq(db(pair.waifu_id)))
        .select(RelationshipRow::as_select())
        .first(c)
        .optional()?;
    Ok(row.map(RelationshipRow::into_relationship).transpose()?)
}

pub(crate) fn with_any(
    c: &mut SqliteConnection,
    user: UserId,
    waifus: &[WaifuId],
) -> Result<Vec<Relationship>, Fault> {
    let rows: Vec<RelationshipRow> = relationships::table
        .filter(relationships::user_id.eq(db(user)))
        .filter(relationships::waifu_id.eq_any(waifus.iter().copied().map(db)))
        .select(RelationshipRow::as_select())
        .load(c)?;
    let rows = rows.into_iter().map(RelationshipRow::into_relationship);
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn count(c: &mut SqliteConnection) -> Result<u64, Fault> {
    let count: i64 = relationships::table.count().get_result(c)?;
    Ok(checked("relationships", count)?)
}

/// In the order of their ids.
pub(crate) fn all(
    c: &mut SqliteConnection,
    after: Option<RelationshipId>,
    limit: u32,
) -> Result<Vec<Relationship>, Fault> {
    let mut page = relationships::table
        .order(relationships::id)
        .limit(limit.into())
        .select(RelationshipRow::as_select())
        .into_boxed();
    if let Some(after) = after {
        page = page.filter(relationships::id.gt(db(after)));
    }
    let rows = page.load(c)?;
    let page: Result<Vec<_>, _> = rows
        .into_iter()
        .map(RelationshipRow::into_relationship)
        .collect();
    Ok(page?)
}

/// In the order of their ids.
pub(crate) fn of_user(
    c: &mut SqliteConnection,
    user: UserId,
    after: Option<RelationshipId>,
    limit: u32,
) -> Result<Vec<Relationship>, Fault> {
    let mut page = relationships::table
        .filter(relationships::user_id.eq(db(user)))
        .order(relationships::id)
        .limit(limit.into())
        .select(RelationshipRow::as_select())
        .into_boxed();
    if let Some(after) = after {
        page = page.filter(relationships::id.gt(db(after)));
    }
    let rows = page.load(c)?.into_iter();
    let page = rows.map(RelationshipRow::into_relationship);
    Ok(page.collect::<Result<_, _>>()?)
}

pub(crate) fn state(
    c: &mut SqliteConnection,
    relationship: &Relationship,
    horizon: Horizon,
) -> Result<RelationshipState, Fault> {
    let id = relationship.id;
    let (entries, last_entry_at) = interactions::standing(c, id, horizon)?;
    Ok(RelationshipState {
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
        last_occurrences: event_occurrences::last_ones(c, id)?,
    })
}

const MOVE_HEAD: &str = "update relationships set head_seq = head_seq + ?2 where id = ?1";

/// Both ask the same of the head, and of the run that is settled if one is.
const ADVANCE_HEAD: &str = "
    update relationships
    set head_seq = ?3
    where id = ?1 and head_seq = ?2
        and (?4 is null or exists (
            select 1 from runs
            where turn_id = ?4 and run = ?5
                and runs.relationship_id = relationships.id and ended_at is null
                and (?6 is null or lease_owner = ?6)
                and (?7 = 0 or lease_until < cast(unixepoch('subsec') * 1000000 as integer))
        ))";
const ADVANCE: &str = "
    update relationships
    set head_seq = ?3, affection = ?8, level = ?9, facts = ?10, last_interaction = ?11,
        counts = ?12, deeds = coalesce(?13, deeds), last_entry_no = ?14, version = ?15
    where id = ?1 and head_seq = ?2
        and (?4 is null or exists (
            select 1 from runs
            where turn_id = ?4 and run = ?5
                and runs.relationship_id = relationships.id and ended_at is null
                and (?6 is null or lease_owner = ?6)
                and (?7 = 0 or lease_until < cast(unixepoch('subsec') * 1000000 as integer))
        ))";

struct MoveHead;
struct AdvanceHead;
struct Advance;

/// Makes room for so many events after the newest one.
pub(crate) fn move_head(
    c: &mut SqliteConnection,
    id: RelationshipId,
    by: u32,
) -> Result<(), Fault> {
    let binds = binds!(db(id) => Binary, i64::from(by) => BigInt);
    Sql::<MoveHead, _>::new(MOVE_HEAD, binds).execute(c)?;
    Ok(())
}

/// Moves the head, and with it what the act moved. `Stale` and nothing written when it is elsewhere by now, or when the
/// run that is `settled` may not be ended.
pub(crate) fn advance(
    c: &mut SqliteConnection,
    append: &Append,
    settled: Option<&Settlement>,
) -> Result<Appended, Fault> {
    let at_head = |seq: u64| checked::<i64, _>("relationships.head_seq", seq);
    let after = append.head_after();
    let (holder, must_have_run_out) = match settled.map(|settlement| settlement.authority) {
        Some(Authority::Holder(process)) => (Some(db(process)), false),
        Some(Authority::LeaseExpired) => (None, true),
        Some(Authority::User) | None => (None, false),
    };
    let turn = settled.map(|settlement| settlement.turn);
    let (id, expected, head) = (
        db(append.relationship_id),
        at_head(append.expected.seq)?,
        at_head(after.seq)?,
    );
    let (turn, run) = (
        turn.map(|turn| db(turn.turn_id)),
        turn.map(|turn| i64::from(turn.run)),
    );
    let advanced = match &append.moved {
        None => {
            let binds = binds!(
                id => Binary,
                expected => BigInt,
                head => BigInt,
                turn => Nullable<Binary>,
                run => Nullable<BigInt>,
                holder => Nullable<Binary>,
                must_have_run_out => Bool,
            );
            Sql::<AdvanceHead, _>::new(ADVANCE_HEAD, binds).execute(c)?
        }
        Some(Moved { entries, state }) => {
            // The longest of the columns, which few acts change.
            let deeds = entries
                .iter()
                .any(|entry| matches!(entry.cause, Cause::Gift { .. } | Cause::Date { .. }))
                .then(|| to_json(&state.deeds));
            let binds = binds!(
                id => Binary,
                expected => BigInt,
                head => BigInt,
                turn => Nullable<Binary>,
                run => Nullable<BigInt>,
                holder => Nullable<Binary>,
                must_have_run_out => Bool,
                i64::from(state.affection.get()) => BigInt,
                i64::from(state.level.get()) => BigInt,
                to_json(&state.facts) => Text,
                micros(state.last_interaction) => Nullable<BigInt>,
                to_json(&state.counts) => Text,
                deeds => Nullable<Text>,
                i64::from(after.entry_no) => BigInt,
                i64::from(after.version) => BigInt,
            );
            Sql::<Advance, _>::new(ADVANCE, binds).execute(c)?
        }
    };
    Ok(if advanced == 1 {
        Appended::Done
    } else {
        Appended::Stale
    })
}
