//! Turns with everything that was said in them.

use std::collections::HashMap;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use waifu_app::ports::store::{RunRecord, SaidRecord, TurnRecord};
use waifu_domain::ids::{ClientMessageId, RelationshipId};
use waifu_domain::turn::{MessagePart, RunNo, plain_text};

use super::conversations;
use super::messages::{USERS, emotion};
use super::runs::RunRow;
use crate::columns::{Document, Moment, count, number, scale};
use crate::errors::Fault;
use crate::schema::{messages, runs, turns};

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = turns, check_for_backend(Pg))]
struct TurnRow {
    id: Uuid,
    turn_no: i32,
    kind: String,
    client_message_id: Option<Uuid>,
    appraisal: Option<String>,
    cause: Option<Document>,
    waifu_version: i32,
    chosen_run: Option<i32>,
    created_at: Moment,
    voided_at: Option<Moment>,
}

/// By the turn and the run.
type Said = HashMap<(Uuid, RunNo), SaidRecord>;

type DatedRun = (Uuid, RunRow, Moment, Option<Moment>);

/// Those of the one conversation, in their order.
pub(super) async fn of(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
    after_turn_no: u32,
    limit: u32,
) -> Result<Vec<TurnRecord>, Fault> {
    let Some(conversation) = conversations::default_of(connection, relationship).await? else {
        return Ok(Vec::new());
    };
    let page: Vec<TurnRow> = turns::table
        .filter(turns::conversation_id.eq(conversation.as_uuid()))
        .filter(turns::turn_no.gt(number(after_turn_no)?))
        .order_by(turns::turn_no)
        .limit(limit.into())
        .select(TurnRow::as_select())
        .load(connection)
        .await?;
    let (Some(first), Some(last)) = (page.as_slice().first(), page.as_slice().last()) else {
        return Ok(Vec::new());
    };
    let said: Vec<(Uuid, i32, Uuid, Document, Option<String>, Moment)> = messages::table
        .filter(messages::conversation_id.eq(conversation.as_uuid()))
        .filter(messages::turn_no.between(first.turn_no, last.turn_no))
        .select((
            messages::turn_id,
            messages::run,
            messages::id,
            messages::content,
            messages::emotion,
            messages::created_at,
        ))
        .load(connection)
        .await?;
    let said = said.into_iter().map(|(turn, run, id, content, shown, at)| {
        let parts: Vec<MessagePart> = content.read("messages.content")?;
        let said = SaidRecord {
            id: id.into(),
            text: plain_text(&parts),
            emotion: emotion(shown.as_deref())?,
            at: at.0,
        };
        Ok(((turn, count("messages.run", run)?), said))
    });
    let mut said = said.collect::<Result<Said, Fault>>()?;
    let ids: Vec<Uuid> = page.iter().map(|turn| turn.id).collect();
    let dated: Vec<DatedRun> = runs::table
        .filter(runs::turn_id.eq_any(ids))
        .order_by((runs::turn_id, runs::run))
        .select((
            runs::turn_id,
            RunRow::as_select(),
            runs::started_at,
            runs::ended_at,
        ))
        .load(connection)
        .await?;
    let mut by_turn: HashMap<Uuid, Vec<DatedRun>> = HashMap::new();
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

fn record(turn: &TurnRow, runs: Vec<DatedRun>, said: &mut Said) -> Result<TurnRecord, Fault> {
    let appraisal = turn.appraisal.as_deref();
    let cause = turn.cause.as_ref();
    let chosen = turn.chosen_run.map(|run| count("turns.chosen_run", run));
    let chosen = chosen.transpose()?;
    let run = |(_, row, started_at, ended_at): DatedRun| {
        let run = row.read()?;
        Ok(RunRecord {
            run: run.no,
            status: run.status,
            reason: run.reason,
            usage: run.usage,
            is_chosen: chosen == Some(run.no),
            started_at: started_at.0,
            ended_at: ended_at.map(|at| at.0),
            words_so_far: run.words_so_far,
            reply: said.remove(&(turn.id, run.no)),
        })
    };
    let runs = runs.into_iter().map(run).collect::<Result<_, Fault>>()?;
    let users = count("messages.run", USERS)?;
    Ok(TurnRecord {
        turn_id: turn.id.into(),
        turn_no: count("turns.turn_no", turn.turn_no)?,
        kind: scale("turns.kind", &turn.kind)?,
        client_message_id: turn.client_message_id.map(ClientMessageId::from),
        appraisal: appraisal
            .map(|word| scale("turns.appraisal", word))
            .transpose()?,
        cause: cause.map(|cause| cause.read("turns.cause")).transpose()?,
        waifu_version: count("turns.waifu_version", turn.waifu_version)?,
        created_at: turn.created_at.0,
        voided_at: turn.voided_at.map(|at| at.0),
        message: said.remove(&(turn.id, users)),
        runs,
    })
}
