//! Runs: each attempt at an answer, and the lease under which it streams.

use diesel::data_types::PgInterval;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Interval;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::Duration;
use uuid::Uuid;
use waifu_app::ports::store::NewRun;
use waifu_app::ports::turn_store::{Authority, Settlement, TurnRef};
use waifu_domain::ids::{RelationshipId, TurnId};
use waifu_domain::turn::{EndReason, RunNo, RunStatus, Usage};

use crate::columns::{Moment, count, number, scale, word};
use crate::errors::Fault;
use crate::schema::runs;

diesel::define_sql_function! {
    /// The database's clock, which goes on within a transaction.
    fn clock_timestamp() -> Timestamptz;
}

diesel::infix_operator!(Later, " + ", diesel::sql_types::Timestamptz, backend: Pg);

pub(crate) const FIRST: RunNo = 1;

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = runs, check_for_backend(Pg))]
pub(super) struct RunRow {
    run: i32,
    status: String,
    reason: Option<String>,
    words_so_far: String,
    prompt_tokens: Option<i32>,
    completion_tokens: Option<i32>,
}

#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) no: RunNo,
    pub(crate) status: RunStatus,
    pub(crate) reason: Option<EndReason>,
    pub(crate) usage: Option<Usage>,
    pub(crate) words_so_far: String,
}

impl RunRow {
    pub(super) fn read(self) -> Result<Run, Fault> {
        let reason = self.reason.as_deref();
        let usage = match (self.prompt_tokens, self.completion_tokens) {
            (Some(prompt), Some(completion)) => Some(Usage {
                prompt_tokens: count("runs.prompt_tokens", prompt)?,
                completion_tokens: count("runs.completion_tokens", completion)?,
            }),
            _ => None,
        };
        Ok(Run {
            no: count("runs.run", self.run)?,
            status: scale("runs.status", &self.status)?,
            reason: reason
                .map(|reason| scale("runs.reason", reason))
                .transpose()?,
            usage,
            words_so_far: self.words_so_far,
        })
    }
}

/// A lease, for the database to add to its clock.
pub(crate) fn interval(lease: Duration) -> PgInterval {
    let micros = lease.whole_microseconds();
    PgInterval::from_microseconds(i64::try_from(micros).unwrap_or(i64::MAX))
}

/// Starts to stream a run of a turn.
pub(crate) async fn start(
    connection: &mut AsyncPgConnection,
    run: RunNo,
    new: NewRun,
) -> Result<(), Fault> {
    let until = Later::new(
        clock_timestamp(),
        interval(new.lease).into_sql::<Interval>(),
    );
    diesel::insert_into(runs::table)
        .values((
            runs::turn_id.eq(new.turn_id.as_uuid()),
            runs::run.eq(number(run)?),
            runs::relationship_id.eq(new.relationship_id.as_uuid()),
            runs::status.eq(word(RunStatus::Streaming)),
            runs::lease_owner.eq(new.process.as_uuid()),
            runs::lease_until.eq(until.nullable()),
            runs::words_so_far.eq(""),
            runs::started_at.eq(Moment(new.at)),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn newest(connection: &mut AsyncPgConnection, turn: TurnId) -> Result<Run, Fault> {
    runs::table
        .filter(runs::turn_id.eq(turn.as_uuid()))
        .order_by(runs::run.desc())
        .select(RunRow::as_select())
        .first(connection)
        .await
        .optional()?
        .ok_or(Fault::Missing("runs"))?
        .read()
}

/// The one run of a relationship that streams.
pub(crate) async fn streaming(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
) -> Result<Option<(TurnId, RunNo)>, Fault> {
    let found: Option<(Uuid, i32)> = runs::table
        .filter(runs::relationship_id.eq(relationship.as_uuid()))
        .filter(runs::ended_at.is_null())
        .select((runs::turn_id, runs::run))
        .first(connection)
        .await
        .optional()?;
    let read = |(turn, run): (Uuid, i32)| Ok((turn.into(), count("runs.run", run)?));
    found.map(read).transpose()
}

/// Whether the run streams and whoever asks may end it; it stays so until the transaction ends.
pub(crate) async fn lock_to_end(
    connection: &mut AsyncPgConnection,
    turn: TurnRef,
    authority: Authority,
) -> Result<bool, Fault> {
    let has_run_out = runs::lease_until.lt(clock_timestamp().nullable());
    let found: Option<(Option<Uuid>, Option<bool>)> = runs::table
        .find((turn.turn_id.as_uuid(), number(turn.run)?))
        .filter(runs::ended_at.is_null())
        .select((runs::lease_owner, has_run_out))
        .for_no_key_update()
        .first(connection)
        .await
        .optional()?;
    Ok(found.is_some_and(|(owner, has_run_out)| match authority {
        // Also after his lease has run out, as long as nobody has ended it.
        Authority::Holder(process) => owner == Some(process.into()),
        Authority::LeaseExpired => has_run_out == Some(true),
        Authority::User => true,
    }))
}

pub(crate) async fn end(
    connection: &mut AsyncPgConnection,
    settlement: &Settlement,
) -> Result<(), Fault> {
    let tokens = |count: fn(Usage) -> u32| settlement.usage.map(count).map(number).transpose();
    let turn = settlement.turn;
    diesel::update(runs::table.find((turn.turn_id.as_uuid(), number(turn.run)?)))
        .set((
            runs::status.eq(word(settlement.status)),
            runs::reason.eq(settlement.reason.map(word)),
            runs::lease_owner.eq(None::<Uuid>),
            runs::lease_until.eq(None::<Moment>),
            runs::words_so_far.eq(""),
            runs::prompt_tokens.eq(tokens(|usage| usage.prompt_tokens)?),
            runs::completion_tokens.eq(tokens(|usage| usage.completion_tokens)?),
            runs::ended_at.eq(Moment(settlement.at)),
        ))
        .execute(connection)
        .await?;
    Ok(())
}
