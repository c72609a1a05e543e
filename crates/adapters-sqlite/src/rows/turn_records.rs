//! Turns with everything that was said in them.

use std::collections::HashMap;

use diesel::prelude::*;
use waifu_app::ports::store::{RunRecord, SaidRecord, TurnRecord};
use waifu_domain::ids::RelationshipId;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{RunNo, plain_text};

use super::conversations;
use super::messages::{NO_RUN, emotion, parts};
use super::runs::RunRow;
use crate::errors::{Corrupt, Fault};
use crate::schema::{messages, runs, turns};
use crate::types::{DbUuid, checked, db, from_json, moment, named};

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = turns)]
struct TurnRow {
    id: DbUuid,
    turn_no: i64,
    kind: String,
    client_message_id: Option<DbUuid>,
    appraisal: Option<String>,
    cause: Option<String>,
    waifu_version: i64,
    chosen_run: Option<i64>,
    created_at: i64,
    voided_at: Option<i64>,
}

/// By the turn and the run.
type Said = HashMap<(DbUuid, RunNo), SaidRecord>;

type DatedRun = (DbUuid, RunRow, i64, Option<i64>);

/// Those of the one conversation, in their order.
pub(crate) fn of(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
    after_turn_no: u32,
    limit: u32,
) -> Result<Vec<TurnRecord>, Fault> {
    let Some(conversation) = conversations::default_of(c, relationship)? else {
        return Ok(Vec::new());
    };
    let page: Vec<TurnRow> = turns::table
        .filter(turns::conversation_id.eq(db(conversation)))
        .filter(turns::turn_no.gt(i64::from(after_turn_no)))
        .order(turns::turn_no)
        .limit(limit.into())
        .select(TurnRow::as_select())
        .load(c)?;
    let (Some(first), Some(last)) = (page.first(), page.last()) else {
        return Ok(Vec::new());
    };
    let said: Vec<(DbUuid, i64, DbUuid, String, Option<String>, i64)> = messages::table
        .filter(messages::conversation_id.eq(db(conversation)))
        .filter(messages::turn_no.between(first.turn_no, last.turn_no))
        .select((
            messages::turn_id,
            messages::run,
            messages::id,
            messages::content,
            messages::emotion,
            messages::created_at,
        ))
        .load(c)?;
    let said = said.into_iter().map(|(turn, run, id, content, shown, at)| {
        let said = SaidRecord {
            id: id.id(),
            text: plain_text(&parts(&content)?),
            emotion: emotion(shown.as_deref())?,
            at: Timestamp::from_unix_micros(at),
        };
        Ok(((turn, checked("messages.run", run)?), said))
    });
    let mut said = said.collect::<Result<Said, Corrupt>>()?;
    let dated: Vec<DatedRun> = runs::table
        .filter(runs::turn_id.eq_any(page.iter().map(|turn| turn.id)))
        .order((runs::turn_id, runs::run))
        .select((
            runs::turn_id,
            RunRow::as_select(),
            runs::started_at,
            runs::ended_at,
        ))
        .load(c)?;
    let mut by_turn: HashMap<DbUuid, Vec<DatedRun>> = HashMap::new();
    for run in dated {
        by_turn.entry(run.0).or_default().push(run);
    }
    let mut records = Vec::with_capacity(page.len());
    for turn in page {
        let runs = by_turn.remove(&turn.id).unwrap_or_default();
        records.push(record(&turn, runs, &mut said)?);
    }
    Ok(records)
}

fn record(turn: &TurnRow, runs: Vec<DatedRun>, said: &mut Said) -> Result<TurnRecord, Corrupt> {
    let appraisal = turn.appraisal.as_deref();
    let cause = turn.cause.as_deref();
    let run = |(_, row, started_at, ended_at): DatedRun| {
        let run = row.no()?;
        Ok(RunRecord {
            run,
            status: row.status()?,
            reason: row.reason()?,
            usage: row.usage()?,
            is_chosen: turn.chosen_run == Some(run.into()),
            started_at: Timestamp::from_unix_micros(started_at),
            ended_at: moment(ended_at),
            words_so_far: row.words_so_far,
            reply: said.remove(&(turn.id, run)),
        })
    };
    let runs = runs.into_iter().map(run).collect::<Result<_, Corrupt>>()?;
    Ok(TurnRecord {
        turn_id: turn.id.id(),
        turn_no: checked("turns.turn_no", turn.turn_no)?,
        kind: named("turns.kind", &turn.kind)?,
        client_message_id: turn.client_message_id.map(DbUuid::id),
        appraisal: appraisal
            .map(|name| named("turns.appraisal", name))
            .transpose()?,
        cause: cause
            .map(|json| from_json("turns.cause", json))
            .transpose()?,
        waifu_version: checked("turns.waifu_version", turn.waifu_version)?,
        created_at: Timestamp::from_unix_micros(turn.created_at),
        voided_at: moment(turn.voided_at),
        message: said.remove(&(turn.id, NO_RUN)),
        runs,
    })
}
