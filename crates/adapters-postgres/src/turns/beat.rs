//! Heartbeats: all runs of a process in one statement.

use std::collections::HashSet;

use diesel::sql_types::{Array, Integer, Interval, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::Duration;
use uuid::Uuid;
use waifu_app::ports::turn_store::Heartbeat;
use waifu_domain::ids::{ProcessId, TurnId};

use crate::columns::{number, storable};
use crate::errors::Fault;
use crate::rows::runs::interval;
use crate::sql::{Sql, binds};

const BEAT: &str = "
    update runs
    set lease_until = clock_timestamp() + $1, words_so_far = beats.words
    from unnest($2, $3, $4) as beats (turn_id, run, words)
    where runs.turn_id = beats.turn_id and runs.run = beats.run
        and runs.ended_at is null and runs.lease_owner = $5
    returning runs.turn_id";

struct Tag;

pub(crate) async fn beat(
    connection: &mut AsyncPgConnection,
    process: ProcessId,
    lease: Duration,
    beats: &[Heartbeat],
) -> Result<Vec<TurnId>, Fault> {
    let turns: Vec<Uuid> = beats.iter().map(|beat| beat.turn_id.into()).collect();
    let runs: Vec<i32> = beats
        .iter()
        .map(|beat| number(beat.run))
        .collect::<Result<_, _>>()?;
    let words: Vec<_> = beats.iter().map(|beat| storable(&beat.words)).collect();
    let binds = binds!(
        interval(lease) => Interval,
        turns => Array<SqlUuid>,
        runs => Array<Integer>,
        words => Array<Text>,
        process.as_uuid() => SqlUuid,
    );
    let renewed: Vec<Uuid> = Sql::<Tag, _, SqlUuid>::new(BEAT, binds)
        .load(connection)
        .await?;
    let renewed: HashSet<Uuid> = renewed.into_iter().collect();
    Ok(beats
        .iter()
        .map(|beat| beat.turn_id)
        .filter(|turn| !renewed.contains(&turn.as_uuid()))
        .collect())
}
