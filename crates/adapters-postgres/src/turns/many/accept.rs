//! How messages become turns, as long as nothing stands in their way.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use diesel::pg::Pg;
use diesel::query_builder::QueryFragment;
use diesel::sql_types::{
    Array, BigInt, Binary, Integer, Interval, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use waifu_app::failpoint;
use waifu_app::ports::turn_store::{DurableEvent, NewTurn, Opening, TurnRef};
use waifu_domain::ids::WaifuId;
use waifu_domain::relationship::Pair;
use waifu_domain::waifu::Waifu;

use super::opening::{Kinds, Row};
use crate::batches::{Answers, Operation};
use crate::columns::{Document, Moment, word};
use crate::companions::Companions;
use crate::errors::Fault;
use crate::rows::interactions::{MOOD_ROWS, kinds_of_presence};
use crate::rows::messages::content;
use crate::rows::runs::{self, interval};
use crate::rows::turns::digest;
use crate::sql::{Sql, binds};

const ACCEPT: &str = include_str!("accept.sql");

struct Tag;

#[derive(Debug, Default)]
pub(crate) struct Acceptance {
    companions: Companions,
}

#[async_trait]
impl Operation for Acceptance {
    type Item = NewTurn;
    type Answer = Opening;
    type Key = Pair;

    fn id(turn: &NewTurn) -> Uuid {
        turn.turn_id.into()
    }

    fn key(turn: &NewTurn) -> Pair {
        turn.pair
    }

    async fn perform(
        &self,
        connection: &mut AsyncPgConnection,
        turns: &[Arc<NewTurn>],
    ) -> Result<Answers<Opening>, Fault> {
        // Held on to: whom the statement is told of it does not send again.
        let known: HashMap<WaifuId, Arc<Waifu>> = turns
            .iter()
            .filter_map(|turn| self.companions.get(turn.pair.waifu_id))
            .map(|waifu| (waifu.id, waifu))
            .collect();
        failpoint::pass("accept.sent");
        let rows: Vec<Row> = Sql::<Tag, _, Kinds>::new(ACCEPT, columns(turns, &known))
            .load(connection)
            .await?;
        failpoint::pass("accept.committed");
        let asked: HashMap<Uuid, &NewTurn> = turns
            .iter()
            .map(|turn| (turn.turn_id.as_uuid(), &**turn))
            .collect();
        let opening = |row: Row| {
            let id = row.turn_id;
            let turn = asked.get(&id)?;
            Some((id, row.read(turn, &known, &self.companions)))
        };
        Ok(rows.into_iter().filter_map(opening).collect())
    }
}

fn columns(
    turns: &[Arc<NewTurn>],
    known: &HashMap<WaifuId, Arc<Waifu>>,
) -> impl QueryFragment<Pg> + Send + use<> {
    macro_rules! each {
        (|$turn:ident| $value:expr) => {
            turns.iter().map(|$turn| $value).collect::<Vec<_>>()
        };
    }
    let (accepted, started): (Vec<_>, Vec<_>) = turns.iter().map(|turn| events(turn)).unzip();
    let version = |pair: Pair| {
        let known = known.get(&pair.waifu_id)?;
        i32::try_from(known.version).ok()
    };
    (
        binds!(kinds_of_presence() => Array<Text>, MOOD_ROWS => BigInt),
        binds!(
            each!(|turn| turn.turn_id.as_uuid()) => Array<SqlUuid>,
            each!(|turn| turn.pair.user_id.as_uuid()) => Array<SqlUuid>,
            each!(|turn| turn.pair.waifu_id.as_uuid()) => Array<SqlUuid>,
            each!(|turn| turn.conversation_id.map(Uuid::from)) => Array<Nullable<SqlUuid>>,
            each!(|turn| turn.client_message_id.as_uuid()) => Array<SqlUuid>,
            each!(|turn| turn.message_id.as_uuid()) => Array<SqlUuid>,
            each!(|turn| content(turn.text.as_str())) => Array<Jsonb>,
            each!(|turn| digest(&turn.text).to_vec()) => Array<Binary>,
            each!(|turn| turn.appraisal.map(word)) => Array<Nullable<Text>>,
            each!(|turn| turn.process.as_uuid()) => Array<SqlUuid>,
            each!(|turn| interval(turn.lease)) => Array<Interval>,
            each!(|turn| Moment(turn.at)) => Array<Timestamptz>,
            each!(|turn| i64::from(turn.history_limit)) => Array<BigInt>,
            each!(|turn| Moment(turn.horizon.chats)) => Array<Timestamptz>,
            each!(|turn| Moment(turn.horizon.deeds)) => Array<Timestamptz>,
            each!(|turn| version(turn.pair)) => Array<Nullable<Integer>>,
            accepted => Array<Jsonb>,
            started => Array<Jsonb>,
        ),
    )
}

/// With the number of no turn: the statement puts in the one that the turn gets.
fn events(turn: &NewTurn) -> (Document, Document) {
    let reference = reference(turn, 0);
    let [accepted, started] =
        DurableEvent::of_acceptance(reference, turn.message_id, turn.client_message_id);
    (Document::of(&accepted), Document::of(&started))
}

/// A turn that was just accepted.
pub(super) fn reference(turn: &NewTurn, turn_no: u32) -> TurnRef {
    TurnRef {
        turn_id: turn.turn_id,
        turn_no,
        run: runs::FIRST,
        message_id: Some(turn.message_id),
    }
}
