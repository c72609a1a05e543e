//! What was said. Texts sort as they are spoken: `user` before `waifu`.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};
use waifu_app::ports::store::{Candidate, MessagePlace};
use waifu_domain::ids::{ConversationId, MessageId, RelationshipId, TurnId};
use waifu_domain::prompt::Line;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{Emotion, Message, MessagePart, RunNo, RunStatus, Speaker, plain_text};

use super::conversations;
use crate::errors::{Corrupt, Fault};
use crate::schema::{messages, runs, turns};
use crate::sql::{Sql, binds};
use crate::types::{BOUND_AT_ONCE, DbUuid, checked, db, from_json, name_of, named, to_json};

/// The run of the user's own messages.
pub(super) const NO_RUN: RunNo = 0;

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
    emotion: Option<String>,
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
            emotion: emotion(self.emotion.as_deref())?,
            created_at: Timestamp::from_unix_micros(self.created_at),
        })
    }
}

pub(super) fn emotion(name: Option<&str>) -> Result<Option<Emotion>, Corrupt> {
    name.map(|name| named("messages.emotion", name)).transpose()
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
    pub(crate) emotion: Option<Emotion>,
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
        emotion: message.emotion.map(name_of),
    };
    diesel::insert_into(messages::table)
        .values(row)
        .execute(c)?;
    Ok(())
}

pub(crate) fn by_id(c: &mut SqliteConnection, id: MessageId) -> Result<Option<Message>, Fault> {
    let row: Option<(MessageRow, Option<String>)> = messages::table
        .left_join(
            runs::table.on(runs::turn_id
                .eq(messages::turn_id)
                .and(runs::run.eq(messages::run))),
        )
        .filter(messages::id.eq(db(id)))
        .select((MessageRow::as_select(), runs::status.nullable()))
        .first(c)
        .optional()?;
    let message = row.map(|(row, status)| row.into_message(status));
    Ok(message.transpose()?)
}

/// What the runs of these turns said, turn by turn in the order of the runs.
pub(crate) fn candidates(
    c: &mut SqliteConnection,
    turns: &[TurnId],
) -> Result<Vec<Candidate>, Fault> {
    let mut rows = Vec::new();
    for turns in turns.chunks(BOUND_AT_ONCE) {
        // By the key of its place, since messages are not indexed by their turns.
        let her_words = messages::conversation_id
            .eq(turns::conversation_id)
            .and(messages::turn_no.eq(turns::turn_no))
            .and(messages::speaker.eq(name_of(Speaker::Waifu)));
        let said: Vec<(i64, i64, DbUuid, DbUuid, Option<i64>)> = turns::table
            .inner_join(messages::table.on(her_words))
            .filter(turns::id.eq_any(turns.iter().copied().map(db)))
            .select((
                turns::turn_no,
                messages::run,
                turns::id,
                messages::id,
                turns::chosen_run,
            ))
            .load(c)?;
        rows.extend(said);
    }
    rows.sort_unstable_by_key(|(turn_no, run, ..)| (*turn_no, *run));
    rows.into_iter()
        .map(|(_, run, turn, message, chosen)| {
            Ok(Candidate {
                turn_id: turn.id(),
                run: checked("messages.run", run)?,
                message_id: message.id(),
                is_chosen: chosen == Some(run),
            })
        })
        .collect()
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

/// Turn by turn, backwards, so that few of either table are looked at: a planner would start with the messages.
const LINES: &str = "
    select messages.speaker, messages.content
    from turns
    cross join messages
        on messages.conversation_id = turns.conversation_id and messages.turn_no = turns.turn_no
    where turns.conversation_id = ?1 and turns.turn_no < ?2 and turns.voided_at is null
        and messages.run in (?3, turns.chosen_run)
    order by turns.turn_no desc, messages.speaker desc
    limit ?4 + 0";

struct Lines;

/// The same messages as [`history`] has them before a turn, without all that is not said; oldest first.
pub(crate) fn lines(
    c: &mut SqliteConnection,
    conversation: ConversationId,
    before_turn_no: u32,
    limit: u32,
) -> Result<Vec<Line>, Fault> {
    let binds = binds!(
        db(conversation) => Binary,
        i64::from(before_turn_no) => BigInt,
        i64::from(NO_RUN) => BigInt,
        i64::from(limit) => BigInt,
    );
    let rows: Vec<(String, String)> = Sql::<Lines, _, (Text, Text)>::new(LINES, binds).load(c)?;
    rows.into_iter()
        .rev()
        .map(|(speaker, content)| {
            Ok(Line {
                speaker: named("messages.speaker", &speaker)?,
                text: plain_text(&parts(&content)?),
            })
        })
        .collect()
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
