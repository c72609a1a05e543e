//! Where relationships stand, for those who watch them from another process.

use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use waifu_app::ports::turn_store::{StreamingRun, Whereabouts};
use waifu_domain::relationship::Pair;

use crate::columns::{count, valid};
use crate::errors::Fault;
use crate::sql::{Sql, binds};

/// One statement, so the number and the run are of one moment.
const WHEREABOUTS: &str = "
    select relationships.user_id, relationships.waifu_id, relationships.head_seq,
        runs.turn_id, runs.run, runs.lease_owner, runs.words_so_far
    from unnest($1, $2) as asked (user_id, waifu_id)
    join relationships using (user_id, waifu_id)
    left join runs on runs.relationship_id = relationships.id and runs.ended_at is null";

struct Tag;

type Kinds = (
    SqlUuid,
    SqlUuid,
    BigInt,
    Nullable<SqlUuid>,
    Nullable<Integer>,
    Nullable<SqlUuid>,
    Nullable<Text>,
);

type Row = (
    Uuid,
    Uuid,
    i64,
    Option<Uuid>,
    Option<i32>,
    Option<Uuid>,
    Option<String>,
);

pub(crate) async fn whereabouts(
    connection: &mut AsyncPgConnection,
    pairs: &[Pair],
) -> Result<Vec<Whereabouts>, Fault> {
    let users: Vec<Uuid> = pairs.iter().map(|pair| pair.user_id.into()).collect();
    let waifus: Vec<Uuid> = pairs.iter().map(|pair| pair.waifu_id.into()).collect();
    let binds = binds!(users => Array<SqlUuid>, waifus => Array<SqlUuid>);
    let rows: Vec<Row> = Sql::<Tag, _, Kinds>::new(WHEREABOUTS, binds)
        .load(connection)
        .await?;
    rows.into_iter().map(read).collect()
}

fn read((user, waifu, seq, turn, run, process, words): Row) -> Result<Whereabouts, Fault> {
    let streaming = match (turn, run, process, words) {
        (Some(turn), Some(run), Some(process), Some(words)) => Some(StreamingRun {
            turn_id: turn.into(),
            run: count("runs.run", run)?,
            process: process.into(),
            words,
        }),
        _ => None,
    };
    Ok(Whereabouts {
        pair: Pair {
            user_id: user.into(),
            waifu_id: waifu.into(),
        },
        seq: valid("relationships.head_seq", seq.try_into())?,
        streaming,
    })
}
