//! Heartbeats: all runs of a process in one statement.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Interval, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::Duration;
use uuid::Uuid;
use waifu_app::ports::turn_store::Heartbeat;
use waifu_domain::ids::{ProcessId, TurnId};

use crate::columns::{number, storable};
use crate::errors::Fault;
use crate::rows::runs::interval;

const BEAT: &str = "
    update runs
    set lease_until = clock_timestamp() + $1, words_so_far = beats.words
    from unnest($2, $3, $4) as beats (turn_id, run, words)
    where runs.turn_id = beats.turn_id and runs.run = beats.run
        and runs.ended_at is null and runs.lease_owner = $5
    returning runs.turn_id";

#[derive(QueryableByName)]
struct Renewed {
    #[diesel(sql_type = SqlUuid)]
    turn_id: Uuid,
}

pub(crate) async fn beat(
    connection: &mut AsyncPgConnection,
    process: ProcessId,
    lease: Duration,
    beats: &[Heartbeat],
) -> Result<Vec<TurnId>, Fault> {
    if beats.is_empty() {
        return Ok(Vec::new());
    }
    let turns: Vec<Uuid> = beats.iter().map(|beat| beat.turn_id.into()).collect();
    let runs: Vec<i32> = beats
        .iter()
        .map(|beat| number(beat.run))
        .collect::<Result<_, _>>()?;
    let words: Vec<_> = beats.iter().map(|beat| storable(&beat.words)).collect();
    let renewed: Vec<Renewed> = diesel::sql_query(BEAT)
        .bind::<Interval, _>(interval(lease))
        .bind::<Array<SqlUuid>, _>(turns)
        .bind::<Array<Integer>, _>(runs)
        .bind::<Array<Text>, _>(words)
        .bind::<SqlUuid, _>(process.as_uuid())
        .load(connection)
        .await?;
    let renewed: HashSet<Uuid> = renewed.into_iter().map(|row| row.turn_id).collect();
    Ok(beats
        .iter()
        .map(|beat| beat.turn_id)
        .filter(|turn| !renewed.contains(&turn.as_uuid()))
        .collect())
}
