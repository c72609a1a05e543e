//! What was said. Texts sort as they are spoken: `user` before `waifu`.

use diesel::prelude::*;
use waifu_app::ports::store::MessagePlace;
use waifu_domain::ids::{ConversationId, MessageId, RelationshipId, TurnId};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{Message, MessagePart, RunNo, RunStatus, Speaker};

use super::conversations;
use crate::errors::{Corrupt, Fault};
use crate::schema::{messages, runs, turns};
use crate::types::{DbUuid, checked, db, from_json, name_of, named, to_json};

/// The run of the user's own messages.
const NO_RUN: RunNo = 0;

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = messages)]
struct MessageRow {
    conversation_id: DbUuid,
    turn_no: i64,
    speaker: String,
    run: i64,
    id: DbUuid,
    turn_id: DbUuid,
    content: String,
    created_at: i64,
}

impl MessageRow {
    /// With the status of its run; the user's own have none.
    fn into_message(self, status: Option<String>) -> Result<Message, Corrupt> {
        let status = status.map(|status| named("runs.status", &status));
        Ok(Message {
            id: self.id.id(),
            conversation_id: self.conversation_id.id(),
            turn_id: self.turn_id.id(),
            turn_no: checked("messages.turn_no", self.turn_no)?,
            speaker: named("messages.speaker", &self.speaker)?,
            parts: parts(&self.content)?,
            status: status.transpose()?.unwrap_or(RunStatus::Completed),
            created_at: Timestamp::from_unix_micros(self.created_at),
        })
    }
}

pub(crate) fn parts(content: &str) -> Result<Vec<MessagePart>, Corrupt> {
    from_json("messages.content", content)
}

/// A message to be stored; `run` is `None` for the user's own.
#[derive(Debug)]
pub(crate) struct NewMessage<'a> {
    pub(crate) id: MessageId,
    pub(crate) conversation_id: ConversationId,
    pub(crate) turn_id: TurnId,
    pub(crate) turn_no: u32,
    pub(crate) run: Option<RunNo>,
    pub(crate) text: &'a str,
    pub(crate) at: Timestamp,
}

pub(crate) fn insert(c: &mut SqliteConnection, message: &NewMessage<'_>) -> Result<(), Fault> {
    let speaker = match message.run {
        Some(_) => Speaker::Waifu,
        None => Speaker::User,
    };
    let row = MessageRow {
        conversation_id: db(message.conversation_id),
        turn_no: message.turn_no.into(),
        speaker: name_of(speaker),
        run: message.run.unwrap_or(NO_RUN).into(),
        id: db(message.id),
        turn_id: db(message.turn_id),
        content: to_json(&[MessagePart::text(message.text)]),
        created_at: message.at.unix_micros(),
    };
    diesel::insert_into(messages::table)
        .values(row)
        .execute(c)?;
    Ok(())
}

/// The message that a turn answers, if it answers one.
pub(crate) fn users_own(
    c: &mut SqliteConnection,
    conversation: ConversationId,
    turn_no: u32,
) -> Result<Option<MessageId>, Fault> {
    let key = (
        db(conversation),
        i64::from(turn_no),
        name_of(Speaker::User),
        i64::from(NO_RUN),
    );
    let id: Option<DbUuid> = messages::table
        .find(key)
        .select(messages::id)
        .first(c)
        .optional()?;
    Ok(id.map(DbUuid::id))
}

/// What was said in one turn and one run of it: the user's message, and the reply if there is one.
pub(crate) fn of_turn(
    c: &mut SqliteConnection,
    conversation: ConversationId,
    turn_no: u32,
    run: RunNo,
) -> Result<(Option<Message>, Option<Message>), Fault> {
    let rows: Vec<(MessageRow, Option<String>)> = messages::table
        .left_join(
            runs::table.on(runs::turn_id
                .eq(messages::turn_id)
                .and(runs::run.eq(messages::run))),
        )
        .filter(messages::conversation_id.eq(db(conversation)))
        .filter(messages::turn_no.eq(i64::from(turn_no)))
        .filter(messages::run.eq_any([i64::from(NO_RUN), i64::from(run)]))
        .select((MessageRow::as_select(), runs::status.nullable()))
        .load(c)?;
    let (mut message, mut reply) = (None, None);
    for (row, status) in rows {
        let said = row.into_message(status)?;
        match said.speaker {
            Speaker::User => message = Some(said),
            Speaker::Waifu => reply = Some(said),
        }
    }
    Ok((message, reply))
}

pub(crate) fn history_of_relationship(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
    before: Option<MessagePlace>,
    limit: u32,
) -> Result<Vec<Message>, Fault> {
    match conversations::default_of(c, relationship)? {
        Some(conversation) => history(c, conversation, before, limit),
        None => Ok(Vec::new()),
    }
}

/// Newest first; of each turn that stands, the user's message and that of its chosen run.
pub(crate) fn history(
    c: &mut SqliteConnection,
    conversation: ConversationId,
    before: Option<MessagePlace>,
    limit: u32,
) -> Result<Vec<Message>, Fault> {
    let is_shown = messages::run
        .eq(i64::from(NO_RUN))
        .or(turns::chosen_run.eq(messages::run.nullable()));
    let mut page = messages::table
        .inner_join(turns::table.on(turns::id.eq(messages::turn_id)))
        .left_join(
            runs::table.on(runs::turn_id
                .eq(messages::turn_id)
                .and(runs::run.eq(messages::run))),
        )
        .filter(messages::conversation_id.eq(db(conversation)))
        .filter(turns::voided_at.is_null())
        .filter(is_shown)
        .order((messages::turn_no.desc(), messages::speaker.desc()))
        .limit(limit.into())
        .select((MessageRow::as_select(), runs::status.nullable()))
        .into_boxed();
    if let Some(MessagePlace { turn_no, speaker }) = before {
        let turn_no = i64::from(turn_no);
        let is_earlier = messages::turn_no.lt(turn_no);
        let is_before_it = messages::turn_no
            .eq(turn_no)
            .and(messages::speaker.lt(name_of(speaker)));
        page = page.filter(is_earlier.or(is_before_it));
    }
    let rows: Vec<(MessageRow, Option<String>)> = page.load(c)?;
    let page: Result<Vec<_>, _> = rows
        .into_iter()
        .map(|(row, status)| row.into_message(status))
        .collect();
    Ok(page?)
}
