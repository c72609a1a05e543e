//! What was said.

use std::collections::HashMap;

use async_trait::async_trait;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use waifu_app::ports::store::{Candidate, MessagePlace, Messages, StoreError, TurnOutcome};
use waifu_domain::ids::{ClientMessageId, ConversationId, MessageId, RelationshipId, TurnId};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{Emotion, Message, MessagePart, RunNo, RunStatus, Speaker, plain_text};

use super::{conversations, interactions, runs as run_rows, turns as turn_rows};
use crate::columns::{Document, Moment, count, number, scale, storable, word};
use crate::errors::Fault;
use crate::schema::{messages, runs, turns};
use crate::unit_of_work::Repository;

/// In place of a run's number: it was the user who said it.
pub(super) const USERS: i32 = 0;

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = messages, check_for_backend(Pg))]
struct MessageRow {
    conversation_id: Uuid,
    turn_no: i32,
    run: i32,
    speaker: String,
    id: Uuid,
    turn_id: Uuid,
    content: Document,
    created_at: Moment,
    emotion: Option<String>,
}

impl MessageRow {
    fn read(self, status: RunStatus) -> Result<Message, Fault> {
        Ok(Message {
            id: self.id.into(),
            conversation_id: self.conversation_id.into(),
            turn_id: self.turn_id.into(),
            turn_no: count("messages.turn_no", self.turn_no)?,
            speaker: scale("messages.speaker", &self.speaker)?,
            parts: self.content.read("messages.content")?,
            status,
            emotion: emotion(self.emotion.as_deref())?,
            created_at: self.created_at.0,
        })
    }
}

/// Words to be stored.
pub(crate) struct Said<'a> {
    pub(crate) id: MessageId,
    pub(crate) conversation_id: ConversationId,
    pub(crate) turn_id: TurnId,
    pub(crate) turn_no: u32,
    /// The run that said it; `None`: the user did.
    pub(crate) run: Option<RunNo>,
    pub(crate) text: &'a str,
    pub(crate) emotion: Option<Emotion>,
    pub(crate) at: Timestamp,
}

pub(crate) async fn insert(
    connection: &mut AsyncPgConnection,
    said: Said<'_>,
) -> Result<(), Fault> {
    let (run, speaker) = match said.run {
        Some(run) => (number(run)?, Speaker::Waifu),
        None => (USERS, Speaker::User),
    };
    diesel::insert_into(messages::table)
        .values(MessageRow {
            conversation_id: said.conversation_id.into(),
            turn_no: number(said.turn_no)?,
            run,
            speaker: word(speaker),
            id: said.id.into(),
            turn_id: said.turn_id.into(),
            content: content(said.text),
            created_at: Moment(said.at),
            emotion: said.emotion.map(word),
        })
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) fn emotion(word: Option<&str>) -> Result<Option<Emotion>, Fault> {
    word.map(|word| scale("messages.emotion", word)).transpose()
}

pub(crate) fn content(text: &str) -> Document {
    Document::of(&[MessagePart::text(storable(text))])
}

/// Newest first, of the turns that stand: what the user said, and of her answers the chosen ones.
pub(crate) async fn history(
    connection: &mut AsyncPgConnection,
    conversation: ConversationId,
    before: Option<MessagePlace>,
    limit: u32,
) -> Result<Vec<Message>, Fault> {
    // The place is that of a row, so that the statement is one, and cached, wherever a page begins.
    let (turn_no, run) = match before {
        None => (i32::MAX, USERS),
        Some(place) => (
            i32::try_from(place.turn_no).unwrap_or(i32::MAX),
            match place.speaker {
                Speaker::User => USERS,
                Speaker::Waifu => USERS + 1,
            },
        ),
    };
    let said_it = runs::turn_id
        .eq(messages::turn_id)
        .and(runs::run.eq(messages::run));
    // Both keys have the order of the history, so each is walked once.
    let in_turn = turns::conversation_id
        .eq(messages::conversation_id)
        .and(turns::turn_no.eq(messages::turn_no));
    let rows: Vec<(MessageRow, Option<String>)> = messages::table
        .inner_join(turns::table.on(in_turn))
        .left_join(runs::table.on(said_it))
        .filter(messages::conversation_id.eq(conversation.as_uuid()))
        .filter(turns::conversation_id.eq(conversation.as_uuid()))
        .filter(messages::turn_no.le(turn_no))
        .filter(turns::turn_no.le(turn_no))
        .filter(messages::turn_no.lt(turn_no).or(messages::run.lt(run)))
        .filter(turns::voided_at.is_null())
        .filter(
            messages::run
                .eq(USERS)
                .or(turns::chosen_run.eq(messages::run.nullable())),
        )
        // Within a turn the user speaks first, and has the smallest number.
        .order_by((messages::turn_no.desc(), messages::run.desc()))
        .limit(limit.into())
        .select((MessageRow::as_select(), runs::status.nullable()))
        .load(connection)
        .await?;
    rows.into_iter().map(read_with_status).collect()
}

async fn by_id(
    connection: &mut AsyncPgConnection,
    id: MessageId,
) -> Result<Option<Message>, Fault> {
    let said_it = runs::turn_id
        .eq(messages::turn_id)
        .and(runs::run.eq(messages::run));
    let row: Option<(MessageRow, Option<String>)> = messages::table
        .left_join(runs::table.on(said_it))
        .filter(messages::id.eq(id.as_uuid()))
        .select((MessageRow::as_select(), runs::status.nullable()))
        .first(connection)
        .await
        .optional()?;
    row.map(read_with_status).transpose()
}

/// Hers has the status of the run that said it.
fn read_with_status((row, status): (MessageRow, Option<String>)) -> Result<Message, Fault> {
    match status {
        Some(status) => row.read(scale("runs.status", &status)?),
        None => row.read(RunStatus::Completed),
    }
}

/// What the runs of these turns said, turn by turn in the order of the runs.
pub(crate) async fn candidates(
    connection: &mut AsyncPgConnection,
    turns: &[TurnId],
) -> Result<Vec<Candidate>, Fault> {
    let turns: Vec<Uuid> = turns.iter().map(|turn| turn.as_uuid()).collect();
    // By the key of its place, since messages are not indexed by their turns.
    let by_place = messages::conversation_id
        .eq(turns::conversation_id)
        .and(messages::turn_no.eq(turns::turn_no))
        .and(messages::run.gt(USERS));
    let rows: Vec<(Uuid, i32, Uuid, Option<i32>)> = turns::table
        .inner_join(messages::table.on(by_place))
        .filter(turns::id.eq_any(turns))
        .order_by((turns::turn_no, messages::run))
        .select((turns::id, messages::run, messages::id, turns::chosen_run))
        .load(connection)
        .await?;
    rows.into_iter()
        .map(|(turn, run, message, chosen)| {
            Ok(Candidate {
                turn_id: turn.into(),
                run: count("messages.run", run)?,
                message_id: message.into(),
                is_chosen: chosen == Some(run),
            })
        })
        .collect()
}

/// The id of what the user said in a turn, if it answers a message.
pub(crate) async fn id_of_the_users(
    connection: &mut AsyncPgConnection,
    conversation: ConversationId,
    turn_no: i32,
) -> Result<Option<MessageId>, Fault> {
    let id: Option<Uuid> = messages::table
        .filter(messages::conversation_id.eq(conversation.as_uuid()))
        .filter(messages::turn_no.eq(turn_no))
        .filter(messages::run.eq(USERS))
        .select(messages::id)
        .first(connection)
        .await
        .optional()?;
    Ok(id.map(MessageId::from))
}

/// What the user said in each of these turns.
pub(crate) async fn said_in(
    connection: &mut AsyncPgConnection,
    turns: Vec<Uuid>,
) -> Result<HashMap<Uuid, String>, Fault> {
    if turns.is_empty() {
        return Ok(HashMap::new());
    }
    let by_place = messages::conversation_id
        .eq(turns::conversation_id)
        .and(messages::turn_no.eq(turns::turn_no))
        .and(messages::run.eq(USERS));
    let rows: Vec<(Uuid, Document)> = turns::table
        .inner_join(messages::table.on(by_place))
        .filter(turns::id.eq_any(turns))
        .select((turns::id, messages::content))
        .load(connection)
        .await?;
    rows.into_iter()
        .map(|(turn, content)| {
            let parts: Vec<MessagePart> = content.read("messages.content")?;
            Ok((turn, plain_text(&parts)))
        })
        .collect()
}

async fn of_run(
    connection: &mut AsyncPgConnection,
    turn: &turn_rows::TurnRow,
    run: i32,
) -> Result<Option<MessageRow>, Fault> {
    let row = messages::table
        .filter(messages::conversation_id.eq(turn.conversation_id))
        .filter(messages::turn_no.eq(turn.turn_no))
        .filter(messages::run.eq(run))
        .select(MessageRow::as_select())
        .first(connection)
        .await;
    Ok(row.optional()?)
}

async fn outcome(
    connection: &mut AsyncPgConnection,
    id: TurnId,
) -> Result<Option<TurnOutcome>, Fault> {
    let Some(turn) = turn_rows::by_id(connection, id).await? else {
        return Ok(None);
    };
    let run = run_rows::newest(connection, id).await?;
    let message = of_run(connection, &turn, USERS).await?;
    let reply = of_run(connection, &turn, number(run.no)?).await?;
    Ok(Some(TurnOutcome {
        turn: turn.reference(connection, run.no).await?,
        relationship_id: turn.relationship_id.into(),
        kind: scale("turns.kind", &turn.kind)?,
        status: run.status,
        reason: run.reason,
        usage: run.usage,
        message: message
            .map(|row| row.read(RunStatus::Completed))
            .transpose()?,
        reply: reply.map(|row| row.read(run.status)).transpose()?,
        interactions: interactions::of_turn(connection, id).await?,
    }))
}

async fn history_of(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
    before: Option<MessagePlace>,
    limit: u32,
) -> Result<Vec<Message>, Fault> {
    match conversations::default_of(connection, relationship).await? {
        Some(conversation) => history(connection, conversation, before, limit).await,
        None => Ok(Vec::new()),
    }
}

#[async_trait]
impl Messages for Repository<'_> {
    async fn history(
        &mut self,
        relationship: RelationshipId,
        before: Option<MessagePlace>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        Ok(history_of(self.0, relationship, before, limit).await?)
    }

    async fn by_id(&mut self, id: MessageId) -> Result<Option<Message>, StoreError> {
        Ok(by_id(self.0, id).await?)
    }

    async fn outcome(&mut self, turn: TurnId) -> Result<Option<TurnOutcome>, StoreError> {
        Ok(outcome(self.0, turn).await?)
    }

    async fn turn_of(
        &mut self,
        relationship: RelationshipId,
        message: ClientMessageId,
    ) -> Result<Option<TurnId>, StoreError> {
        let turn = turn_rows::by_client_message(self.0, relationship, message).await?;
        Ok(turn.map(|turn| turn.id.into()))
    }

    async fn default_conversation(
        &mut self,
        relationship: RelationshipId,
    ) -> Result<Option<ConversationId>, StoreError> {
        Ok(conversations::default_of(self.0, relationship).await?)
    }
}
