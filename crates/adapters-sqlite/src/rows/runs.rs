//! Runs: each attempt at her answer, and who holds it.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use time::Duration;
use waifu_app::ports::turn_store::Settlement;
use waifu_domain::ids::{ProcessId, RelationshipId, TurnId};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{EndReason, RunNo, RunStatus, Usage};

use crate::errors::{Corrupt, Fault};
use crate::schema::runs;
use crate::types::{DbUuid, checked, db, name_of, named};

pub(crate) const FIRST: RunNo = 1;

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = runs)]
pub(crate) struct RunRow {
    pub(crate) run: i64,
    pub(crate) relationship_id: DbUuid,
    status: String,
    reason: Option<String>,
    pub(crate) lease_owner: Option<DbUuid>,
    pub(crate) lease_until: Option<i64>,
    pub(crate) words_so_far: String,
    prompt_tokens: Option<i64>,
    completion_tokens: Option<i64>,
}

impl RunRow {
    pub(crate) fn no(&self) -> Result<RunNo, Corrupt> {
        checked("runs.run", self.run)
    }

    pub(crate) fn status(&self) -> Result<RunStatus, Corrupt> {
        named("runs.status", &self.status)
    }

    pub(crate) fn reason(&self) -> Result<Option<EndReason>, Corrupt> {
        let name = self.reason.as_deref();
        name.map(|name| named("runs.reason", name)).transpose()
    }

    pub(crate) fn usage(&self) -> Result<Option<Usage>, Corrupt> {
        let (Some(prompt), Some(completion)) = (self.prompt_tokens, self.completion_tokens) else {
            return Ok(None);
        };
        Ok(Some(Usage {
            prompt_tokens: checked("runs.prompt_tokens", prompt)?,
            completion_tokens: checked("runs.completion_tokens", completion)?,
        }))
    }
}

/// Leases are counted by this clock alone, in microseconds; a transaction asks once.
pub(crate) fn clock(c: &mut SqliteConnection) -> Result<i64, Fault> {
    let now = sql::<BigInt>("cast(unixepoch('subsec') * 1000000 as integer)");
    Ok(diesel::select(now).get_result(c)?)
}

pub(crate) fn lease_until(now: i64, lease: Duration) -> i64 {
    Timestamp::from_unix_micros(now).plus(lease).unix_micros()
}

/// Starts to stream the first run of a turn.
pub(crate) fn start_first(
    c: &mut SqliteConnection,
    turn: TurnId,
    relationship: RelationshipId,
    (process, lease): (ProcessId, Duration),
    at: Timestamp,
) -> Result<(), Fault> {
    let now = clock(c)?;
    diesel::insert_into(runs::table)
        .values((
            runs::turn_id.eq(db(turn)),
            runs::run.eq(i64::from(FIRST)),
            runs::relationship_id.eq(db(relationship)),
            runs::status.eq(name_of(RunStatus::Streaming)),
            runs::lease_owner.eq(db(process)),
            runs::lease_until.eq(lease_until(now, lease)),
            runs::words_so_far.eq(""),
            runs::started_at.eq(at.unix_micros()),
        ))
        .execute(c)?;
    Ok(())
}

pub(crate) fn newest(c: &mut SqliteConnection, turn: TurnId) -> Result<RunRow, Fault> {
    let row = runs::table
        .filter(runs::turn_id.eq(db(turn)))
        .order(runs::run.desc())
        .select(RunRow::as_select())
        .first(c)?;
    Ok(row)
}

pub(crate) fn get(
    c: &mut SqliteConnection,
    turn: TurnId,
    run: RunNo,
) -> Result<Option<RunRow>, Fault> {
    let row = runs::table
        .find((db(turn), i64::from(run)))
        .select(RunRow::as_select())
        .first(c)
        .optional()?;
    Ok(row)
}

/// The turn whose run streams, if one does.
pub(crate) fn streaming(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
) -> Result<Option<TurnId>, Fault> {
    let turn = runs::table
        .filter(runs::relationship_id.eq(db(relationship)))
        .filter(runs::ended_at.is_null())
        .select(runs::turn_id)
        .first::<DbUuid>(c)
        .optional()?;
    Ok(turn.map(DbUuid::id))
}

pub(crate) fn end(c: &mut SqliteConnection, settlement: &Settlement) -> Result<(), Fault> {
    let turn = settlement.turn;
    let usage = settlement.usage;
    diesel::update(runs::table.find((db(turn.turn_id), i64::from(turn.run))))
        .set((
            runs::status.eq(name_of(settlement.status)),
            runs::reason.eq(settlement.reason.map(name_of)),
            runs::lease_owner.eq(None::<DbUuid>),
            runs::lease_until.eq(None::<i64>),
            runs::words_so_far.eq(""),
            runs::prompt_tokens.eq(usage.map(|usage| i64::from(usage.prompt_tokens))),
            runs::completion_tokens.eq(usage.map(|usage| i64::from(usage.completion_tokens))),
            runs::ended_at.eq(settlement.at.unix_micros()),
        ))
        .execute(c)?;
    Ok(())
}
