//! How runs end, as long as nothing has come in between.

use std::sync::Arc;

use async_trait::async_trait;
use diesel::pg::Pg;
use diesel::query_builder::QueryFragment;
use diesel::sql_types::{
    Array, BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use waifu_app::failpoint;
use waifu_app::ports::turn_store::{Authority, Reply, Settlement};
use waifu_domain::ids::RelationshipId;
use waifu_domain::relationship::RelationshipState;
use waifu_domain::turn::Usage;

use crate::batches::{Answers, Operation};
use crate::columns::{Document, Moment, number, word};
use crate::errors::Fault;
use crate::rows::durable_events;
use crate::rows::event_occurrences::{self, OccurrenceRow};
use crate::rows::interactions::{self, InteractionRow};
use crate::rows::messages::content;
use crate::rows::relationships::{changed_deeds, sequence};
use crate::rows::spending;
use crate::sql::{Sql, binds};

const SETTLE: &str = include_str!("settle.sql");

struct Tag;

/// Of a settlement that closes no event: what has to pend for that is told apart one by one.
#[derive(Debug)]
pub(crate) struct Ending;

#[async_trait]
impl Operation for Ending {
    type Item = Settlement;
    /// Done.
    type Answer = ();
    type Key = RelationshipId;

    fn id(settlement: &Settlement) -> Uuid {
        settlement.turn.turn_id.into()
    }

    fn key(settlement: &Settlement) -> RelationshipId {
        settlement.append.relationship_id
    }

    async fn perform(
        &self,
        connection: &mut AsyncPgConnection,
        settlements: &[Arc<Settlement>],
    ) -> Result<Answers<()>, Fault> {
        // One with a number that can't be stored fails alone.
        let rows = settlements.iter().filter_map(|one| Row::of(one).ok());
        failpoint::pass("settle.sent");
        let ended: Vec<Uuid> = Sql::<Tag, _, SqlUuid>::new(SETTLE, columns(rows.collect()))
            .load(connection)
            .await?;
        failpoint::pass("settle.committed");
        Ok(ended.into_iter().map(|turn| (turn, Ok(()))).collect())
    }
}

/// What one settlement writes.
struct Row<'a> {
    settlement: &'a Settlement,
    turn_no: i32,
    run: i32,
    prompt_tokens: Option<i32>,
    completion_tokens: Option<i32>,
    expected_seq: i64,
    head_seq: i64,
    moved: Option<Moved>,
    entries: Vec<InteractionRow>,
    opened: Vec<OccurrenceRow>,
}

/// Where the relationship is then.
struct Moved {
    entry_no: i32,
    version: i32,
}

impl<'a> Row<'a> {
    fn of(settlement: &'a Settlement) -> Result<Self, Fault> {
        let (turn, append) = (settlement.turn, &settlement.append);
        let tokens = |count: fn(Usage) -> u32| settlement.usage.map(count).map(number).transpose();
        let head = append.head_after();
        let entries = append.moved.iter().flat_map(|moved| &moved.entries);
        Ok(Self {
            settlement,
            turn_no: number(turn.turn_no)?,
            run: number(turn.run)?,
            prompt_tokens: tokens(|usage| usage.prompt_tokens)?,
            completion_tokens: tokens(|usage| usage.completion_tokens)?,
            expected_seq: sequence(append.expected.seq)?,
            head_seq: sequence(head.seq)?,
            moved: append
                .moved
                .is_some()
                .then(|| {
                    Ok::<_, Fault>(Moved {
                        entry_no: number(head.entry_no)?,
                        version: number(head.version)?,
                    })
                })
                .transpose()?,
            entries: entries
                .map(|entry| InteractionRow::of(entry, Some(turn.turn_id)))
                .collect::<Result<_, _>>()?,
            opened: append
                .opened
                .iter()
                .map(|opened| OccurrenceRow::of(append.relationship_id, opened))
                .collect(),
        })
    }

    fn holder(&self) -> Option<Uuid> {
        match self.settlement.authority {
            Authority::Holder(process) => Some(process.into()),
            Authority::LeaseExpired | Authority::User => None,
        }
    }

    fn reply(&self) -> Option<&'a Reply> {
        self.settlement.reply.as_ref()
    }

    fn state(&self) -> Option<&'a RelationshipState> {
        let moved = self.settlement.append.moved.as_ref();
        moved.map(|moved| &moved.state)
    }
}

fn columns(rows: Vec<Row<'_>>) -> impl QueryFragment<Pg> + Send + use<> {
    macro_rules! each {
        (|$row:ident| $value:expr) => {
            rows.iter().map(|$row| $value).collect::<Vec<_>>()
        };
    }
    let runs = binds!(
        each!(|row| row.settlement.turn.turn_id.as_uuid()) => Array<SqlUuid>,
        each!(|row| row.run) => Array<Integer>,
        each!(|row| row.settlement.append.relationship_id.as_uuid()) => Array<SqlUuid>,
        each!(|row| row.settlement.conversation_id.as_uuid()) => Array<SqlUuid>,
        each!(|row| row.turn_no) => Array<Integer>,
        each!(|row| row.holder()) => Array<Nullable<SqlUuid>>,
        each!(|row| row.settlement.authority == Authority::LeaseExpired) => Array<Bool>,
        each!(|row| word(row.settlement.status)) => Array<Text>,
        each!(|row| row.settlement.reason.map(word)) => Array<Nullable<Text>>,
        each!(|row| row.prompt_tokens) => Array<Nullable<Integer>>,
        each!(|row| row.completion_tokens) => Array<Nullable<Integer>>,
        each!(|row| Moment(row.settlement.at)) => Array<Timestamptz>,
        each!(|row| row.reply().map(|reply| reply.message_id.as_uuid())) => Array<Nullable<SqlUuid>>,
        each!(|row| row.reply().map(|reply| content(&reply.text))) => Array<Nullable<Jsonb>>,
        each!(|row| row.reply().map(|reply| word(reply.emotion))) => Array<Nullable<Text>>,
        each!(|row| row.expected_seq) => Array<BigInt>,
        each!(|row| row.head_seq) => Array<BigInt>,
    );
    let relationships = binds!(
        each!(|row| row.moved.as_ref().map(|moved| moved.entry_no)) => Array<Nullable<Integer>>,
        each!(|row| row.moved.as_ref().map(|moved| moved.version)) => Array<Nullable<Integer>>,
        each!(|row| row.state().map(|state| state.affection.get())) => Array<Nullable<Integer>>,
        each!(|row| row.state().map(|state| i32::from(state.level.get()))) => Array<Nullable<Integer>>,
        each!(|row| row.state().map(|state| Document::of(&state.facts))) => Array<Nullable<Jsonb>>,
        each!(|row| row.state().and_then(|state| state.last_interaction).map(Moment)) => Array<Nullable<Timestamptz>>,
        each!(|row| row.state().map(|state| Document::of(&state.counts))) => Array<Nullable<Jsonb>>,
        each!(|row| row.settlement.append.moved.as_ref().and_then(changed_deeds)) => Array<Nullable<Jsonb>>,
    );
    let events = durable_events::columns(&each!(|row| &row.settlement.append));
    let spent = spending::columns(&each!(|row| row.settlement));
    let (mut entries, mut opened) = (Vec::new(), Vec::new());
    for row in rows {
        entries.extend(row.entries);
        opened.extend(row.opened);
    }
    (
        runs,
        relationships,
        interactions::columns(&entries),
        event_occurrences::columns(&opened),
        events,
        spent,
    )
}
