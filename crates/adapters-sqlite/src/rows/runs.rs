//! Runs: each attempt at her answer, and who holds it.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
use time::Duration;
use waifu_app::ports::store::NewRun;
use waifu_app::ports::turn_store::{Heartbeat, Settlement};
use waifu_domain::ids::{ProcessId, RelationshipId, TurnId};
use waifu_domain::turn::{EndReason, RunNo, RunStatus, Usage};

use crate::errors::{Corrupt, Fault};
use crate::schema::runs;
use crate::sql::{Sql, binds};
use crate::types::{DbUuid, checked, db, micros_of, name_of, named};

pub(crate) const FIRST: RunNo = 1;

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = runs)]
pub(crate) struct RunRow {
    pub(crate) run: i64,
    pub(crate) relationship_id: DbUuid,
    status: String,
    reason: Option<String>,
    pub(crate) lease_owner: Option<DbUuid>,
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

/// Starts to stream. Leases are counted by this clock alone, in microseconds.
const START: &str = "
    insert into runs
        (turn_id, run, relationship_id, status, lease_owner, lease_until, words_so_far, started_at)
    values (?1, ?2, ?3, ?4, ?5, cast(unixepoch('subsec') * 1000000 as integer) + ?6, '', ?7)";
const RENEW: &str = "
    update runs
    set lease_until = cast(unixepoch('subsec') * 1000000 as integer) + ?1, words_so_far = ?2
    where turn_id = ?3 and run = ?4 and lease_owner = ?5 and ended_at is null";
const HAS_RUN_OUT: &str = "
    select 1 from runs
    where turn_id = ?1 and run = ?2
        and lease_until < cast(unixepoch('subsec') * 1000000 as integer)";
const ABANDONED: &str = "
    select turn_id from runs
    where ended_at is null and lease_until < cast(unixepoch('subsec') * 1000000 as integer)
    order by lease_until
    limit ?1 + 0";
const END: &str = "
    update runs
    set status = ?3, reason = ?4, lease_owner = null, lease_until = null, words_so_far = '',
        prompt_tokens = ?5, completion_tokens = ?6, ended_at = ?7
    where turn_id = ?1 and run = ?2";

struct Start;
struct Renew;
struct HasRunOut;
struct Abandoned;
struct End;

/// Starts to stream a run of a turn.
pub(crate) fn start(c: &mut SqliteConnection, run: RunNo, new: &NewRun) -> Result<(), Fault> {
    let binds = binds!(
        db(new.turn_id) => Binary,
        i64::from(run) => BigInt,
        db(new.relationship_id) => Binary,
        name_of(RunStatus::Streaming) => Text,
        db(new.process) => Binary,
        micros_of(new.lease) => BigInt,
        new.at.unix_micros() => BigInt,
    );
    Sql::<Start, _>::new(START, binds).execute(c)?;
    Ok(())
}

/// Renews the lease of a run that streams and is this process's, and saves its words. Returns whether there is one.
pub(crate) fn renew(
    c: &mut SqliteConnection,
    process: ProcessId,
    lease: Duration,
    beat: &Heartbeat,
) -> Result<bool, Fault> {
    let binds = binds!(
        micros_of(lease) => BigInt,
        &*beat.words => Text,
        db(beat.turn_id) => Binary,
        i64::from(beat.run) => BigInt,
        db(process) => Binary,
    );
    Ok(Sql::<Renew, _>::new(RENEW, binds).execute(c)? == 1)
}

/// Whether a lease has run out.
pub(crate) fn has_run_out(
    c: &mut SqliteConnection,
    turn: TurnId,
    run: RunNo,
) -> Result<bool, Fault> {
    let binds = binds!(db(turn) => Binary, i64::from(run) => BigInt);
    let found: Option<(i32,)> = Sql::<HasRunOut, _, (Integer,)>::new(HAS_RUN_OUT, binds)
        .get_result(c)
        .optional()?;
    Ok(found.is_some())
}

/// Those whose lease ran out first come first.
pub(crate) fn abandoned(c: &mut SqliteConnection, limit: u32) -> Result<Vec<TurnId>, Fault> {
    let binds = binds!(i64::from(limit) => BigInt);
    let turns: Vec<(DbUuid,)> = Sql::<Abandoned, _, (Binary,)>::new(ABANDONED, binds).load(c)?;
    Ok(turns.into_iter().map(|(turn,)| turn.id()).collect())
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
    let binds = binds!(
        db(turn.turn_id) => Binary,
        i64::from(turn.run) => BigInt,
        name_of(settlement.status) => Text,
        settlement.reason.map(name_of) => Nullable<Text>,
        usage.map(|usage| i64::from(usage.prompt_tokens)) => Nullable<BigInt>,
        usage.map(|usage| i64::from(usage.completion_tokens)) => Nullable<BigInt>,
        settlement.at.unix_micros() => BigInt,
    );
    Sql::<End, _>::new(END, binds).execute(c)?;
    Ok(())
}
