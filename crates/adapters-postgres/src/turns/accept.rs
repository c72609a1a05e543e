//! How a message becomes a turn.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use waifu_app::ports::store::MessagePlace;
use waifu_app::ports::turn_store::{Accepted, DurableEvent, NewTurn, Opening, TurnRef};
use waifu_domain::prompt::Line;
use waifu_domain::relationship::Relationship;
use waifu_domain::turn::{Speaker, TurnKind, plain_text};

use crate::columns::{Moment, count, word};
use crate::errors::Fault;
use crate::rows::messages::Said;
use crate::rows::relationships::RelationshipRow;
use crate::rows::turns::TurnRow;
use crate::rows::waifus::Glance;
use crate::rows::{
    durable_events, messages, relationships as relationship_rows, runs, turns, waifus,
};
use crate::schema::{conversations, relationships};

/// The events of an acceptance.
const EVENTS: i64 = 2;

/// What is refused is refused before the first write, so that it leaves nothing behind.
pub(crate) async fn accept(
    connection: &mut AsyncPgConnection,
    turn: &NewTurn,
) -> Result<Accepted, Fault> {
    let known = relationship_rows::find(connection, turn.pair, true).await?;
    // After the wait for the lock: in her version as it is now.
    let Some(waifu) = waifus::glance(connection, turn.pair).await? else {
        return Ok(Accepted::NoSuchWaifu);
    };
    let relationship = match known {
        Some(relationship) => relationship,
        None => match refuse_strangers(turn, &waifu) {
            Some(refusal) => return Ok(refusal),
            None => meet(connection, turn).await?,
        },
    };
    if let Some(refusal) = refuse(connection, turn, &waifu, &relationship).await? {
        return Ok(refusal);
    }
    write(connection, turn, &waifu, &relationship).await?;
    let opening = open(connection, turn).await?;
    Ok(Accepted::New(Box::new(opening)))
}

fn refuse_strangers(turn: &NewTurn, waifu: &Glance) -> Option<Accepted> {
    if !waifu.is_visible {
        Some(Accepted::NoSuchWaifu)
    } else if waifu.is_deleted {
        Some(Accepted::WaifuGone)
    } else if turn.conversation_id.is_some() {
        Some(Accepted::NoSuchConversation)
    } else {
        None
    }
}

async fn refuse(
    connection: &mut AsyncPgConnection,
    turn: &NewTurn,
    waifu: &Glance,
    relationship: &Relationship,
) -> Result<Option<Accepted>, Fault> {
    let id = relationship.id;
    let known = turns::by_client_message(connection, id, turn.client_message_id).await?;
    if let Some(known) = known {
        if known.message_digest.as_deref() != Some(&digest(turn)) {
            return Ok(Some(Accepted::Mismatch));
        }
        let run = runs::newest(connection, known.id.into()).await?;
        let known = known.reference(connection, run.no).await?;
        return Ok(Some(Accepted::Duplicate(known)));
    }
    if waifu.is_deleted {
        return Ok(Some(Accepted::WaifuGone));
    }
    if turn.conversation_id.is_some()
        && turn.conversation_id != messages::default_conversation(connection, id).await?
    {
        return Ok(Some(Accepted::NoSuchConversation));
    }
    if let Some((busy, run)) = runs::streaming(connection, id).await? {
        let busy = turns::by_id(connection, busy)
            .await?
            .ok_or(Fault::Missing("turns"))?;
        let busy = busy.reference(connection, run).await?;
        return Ok(Some(Accepted::Busy(busy)));
    }
    Ok(None)
}

/// Makes the relationship, unless another message of the same two was faster; locked it is in either case.
async fn meet(connection: &mut AsyncPgConnection, turn: &NewTurn) -> Result<Relationship, Fault> {
    let first = turn.first_meeting;
    let (id, epoch) = (first.relationship_id, first.epoch.into());
    let made = diesel::insert_into(relationships::table)
        .values(RelationshipRow::first(id, turn.pair, epoch, turn.at))
        .on_conflict((relationships::user_id, relationships::waifu_id))
        .do_nothing()
        .execute(connection)
        .await?;
    if made == 1 {
        diesel::insert_into(conversations::table)
            .values((
                conversations::id.eq(first.conversation_id.as_uuid()),
                conversations::relationship_id.eq(id.as_uuid()),
                conversations::is_default.eq(true),
                conversations::last_turn_no.eq(0),
                conversations::created_at.eq(Moment(turn.at)),
            ))
            .execute(connection)
            .await?;
    }
    relationship_rows::find(connection, turn.pair, true)
        .await?
        .ok_or(Fault::Missing("relationships"))
}

async fn write(
    connection: &mut AsyncPgConnection,
    turn: &NewTurn,
    waifu: &Glance,
    relationship: &Relationship,
) -> Result<(), Fault> {
    let id = relationship.id;
    diesel::update(relationships::table.find(id.as_uuid()))
        .set(relationships::head_seq.eq(relationships::head_seq + EVENTS))
        .execute(connection)
        .await?;
    let default = conversations::table
        .filter(conversations::relationship_id.eq(id.as_uuid()))
        .filter(conversations::is_default);
    let (conversation_id, turn_no): (Uuid, i32) = diesel::update(default)
        .set(conversations::last_turn_no.eq(conversations::last_turn_no + 1))
        .returning((conversations::id, conversations::last_turn_no))
        .get_result(connection)
        .await?;

    let row = TurnRow {
        id: turn.turn_id.into(),
        relationship_id: id.into(),
        conversation_id,
        turn_no,
        kind: word(TurnKind::Chat),
        client_message_id: Some(turn.client_message_id.into()),
        message_digest: Some(digest(turn).to_vec()),
        appraisal: turn.appraisal.map(word),
        waifu_version: waifu.version,
        created_at: Moment(turn.at),
    };
    turns::insert(connection, row).await?;
    let (turn_id, process) = (turn.turn_id, turn.process);
    runs::start_first(connection, id, turn_id, process, turn.lease, turn.at).await?;
    let turn_no = count("conversations.last_turn_no", turn_no)?;
    let said = Said {
        id: turn.message_id,
        conversation_id: conversation_id.into(),
        turn_id,
        turn_no,
        run: None,
        text: turn.text.as_str(),
        at: turn.at,
    };
    messages::insert(connection, said).await?;

    let reference = TurnRef {
        turn_id,
        turn_no,
        run: 1,
        message_id: turn.message_id,
    };
    let events = DurableEvent::of_acceptance(reference, turn.client_message_id, TurnKind::Chat);
    let first_seq = relationship.head.seq + 1;
    durable_events::insert(connection, id, first_seq, &events, turn.at).await
}

async fn open(connection: &mut AsyncPgConnection, turn: &NewTurn) -> Result<Opening, Fault> {
    let standing = super::standing(connection, turn.turn_id, turn.entries_since)
        .await?
        .ok_or(Fault::Missing("turns"))?;
    let here = MessagePlace {
        turn_no: standing.turn.turn_no,
        speaker: Speaker::User,
    };
    let conversation = standing.conversation_id;
    let limit = turn.history_limit;
    let history = messages::history(connection, conversation, Some(here), limit).await?;
    let line = |message: waifu_domain::turn::Message| Line {
        speaker: message.speaker,
        text: plain_text(&message.parts),
    };
    Ok(Opening {
        standing,
        history: history.into_iter().rev().map(line).collect(),
    })
}

fn digest(turn: &NewTurn) -> [u8; 32] {
    Sha256::digest(turn.text.as_str()).into()
}
