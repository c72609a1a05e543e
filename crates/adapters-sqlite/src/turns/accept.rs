//! Accepting a message. Whatever refuses it comes before the first write.

use diesel::SqliteConnection;
use waifu_app::ports::store::MessagePlace;
use waifu_app::ports::turn_store::{Accepted, DurableEvent, NewTurn, Opening, TurnRef};
use waifu_domain::prompt::Line;
use waifu_domain::relationship::Relationship;
use waifu_domain::turn::{Message, RunNo, Speaker, TurnKind, plain_text};
use waifu_domain::waifu::Waifu;

use super::standing;
use crate::errors::Fault;
use crate::rows::messages::NewMessage;
use crate::rows::{conversations, durable_events, messages, relationships, runs, turns, waifus};

const FIRST_RUN: RunNo = 1;

pub(crate) fn accept(c: &mut SqliteConnection, turn: &NewTurn) -> Result<Accepted, Fault> {
    let relationship = relationships::by_pair(c, turn.pair)?;
    if let Some(relationship) = &relationship
        && let Some(answer) = recognise(c, turn, relationship)?
    {
        return Ok(answer);
    }
    let waifu = match waifus::by_id(c, turn.pair.waifu_id)? {
        Some(waifu) if relationship.is_some() || waifu.is_visible_to(turn.pair.user_id) => waifu,
        _ => return Ok(Accepted::NoSuchWaifu),
    };
    if waifu.deleted_at.is_some() {
        return Ok(Accepted::WaifuGone);
    }
    let conversation = match &relationship {
        Some(relationship) => conversations::default_of(c, relationship.id)?,
        None => None,
    };
    if turn.conversation_id.is_some() && turn.conversation_id != conversation {
        return Ok(Accepted::NoSuchConversation);
    }
    if let Some(relationship) = &relationship
        && let Some(streaming) = runs::streaming(c, relationship.id)?
    {
        let busy = turns::by_id(c, streaming)?.ok_or(diesel::NotFound)?;
        let run = runs::newest(c, streaming)?.no()?;
        return Ok(Accepted::Busy(busy.reference(c, run)?));
    }
    let opening = open(c, turn, &waifu, relationship.as_ref())?;
    Ok(Accepted::New(Box::new(opening)))
}

/// A message that was accepted before.
fn recognise(
    c: &mut SqliteConnection,
    turn: &NewTurn,
    relationship: &Relationship,
) -> Result<Option<Accepted>, Fault> {
    let Some(known) = turns::by_client_message(c, relationship.id, turn.client_message_id)? else {
        return Ok(None);
    };
    if !known.said(&turn.text) {
        return Ok(Some(Accepted::Mismatch));
    }
    let run = runs::newest(c, known.id())?.no()?;
    Ok(Some(Accepted::Duplicate(known.reference(c, run)?)))
}

fn open(
    c: &mut SqliteConnection,
    turn: &NewTurn,
    waifu: &Waifu,
    relationship: Option<&Relationship>,
) -> Result<Opening, Fault> {
    let (id, conversation, last_seq) = if let Some(relationship) = relationship {
        let conversation = conversations::default_of(c, relationship.id)?;
        let conversation = conversation.ok_or(diesel::NotFound)?;
        (relationship.id, conversation, relationship.head.seq)
    } else {
        let first = &turn.first_meeting;
        let (id, conversation) = (first.relationship_id, first.conversation_id);
        relationships::insert(c, turn.pair, first, turn.at)?;
        conversations::insert_default(c, conversation, id, turn.at)?;
        (id, conversation, 0)
    };
    let turn_no = conversations::next_turn_no(c, conversation)?;
    turns::insert(c, turn, (id, conversation), turn_no, waifu.version)?;
    let run = (turn.turn_id, FIRST_RUN);
    runs::start(c, run, id, (turn.process, turn.lease), turn.at)?;
    let message = NewMessage {
        id: turn.message_id,
        conversation_id: conversation,
        turn_id: turn.turn_id,
        turn_no,
        run: None,
        text: turn.text.as_str(),
        at: turn.at,
    };
    messages::insert(c, &message)?;

    let reference = TurnRef {
        turn_id: turn.turn_id,
        turn_no,
        run: FIRST_RUN,
        message_id: turn.message_id,
    };
    let events = DurableEvent::of_acceptance(reference, turn.client_message_id, TurnKind::Chat);
    durable_events::insert(c, id, last_seq, &events, turn.at)?;
    relationships::move_head(c, id, 2)?;

    let standing = standing::read(c, turn.turn_id, turn.entries_since)?.ok_or(diesel::NotFound)?;
    let before = MessagePlace {
        turn_no,
        speaker: Speaker::User,
    };
    let mut history = messages::history(c, conversation, Some(before), turn.history_limit)?;
    history.reverse();
    Ok(Opening {
        standing,
        history: history.iter().map(line).collect(),
    })
}

fn line(message: &Message) -> Line {
    Line {
        speaker: message.speaker,
        text: plain_text(&message.parts),
    }
}
