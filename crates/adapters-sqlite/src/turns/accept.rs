//! Accepting a message. Whatever refuses it comes before the first write.

use diesel::SqliteConnection;
use waifu_app::ports::turn_store::{Accepted, DurableEvent, NewTurn, Opening, TurnRef};
use waifu_domain::relationship::Relationship;
use waifu_domain::waifu::Waifu;

use super::{meet, opening, react};
use crate::errors::Fault;
use crate::rows::messages::NewMessage;
use crate::rows::{conversations, durable_events, messages, relationships, runs, turns, waifus};

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
        && let Some(busy) = react::streaming(c, relationship.id)?
    {
        return Ok(Accepted::Busy(busy));
    }
    let relationship = match relationship {
        Some(relationship) => relationship,
        None => meet::meet(c, turn.pair, turn.first_meeting, turn.at)?,
    };
    let opening = open(c, turn, &waifu, &relationship)?;
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
    relationship: &Relationship,
) -> Result<Opening, Fault> {
    let id = relationship.id;
    let place = conversations::next_turn(c, id)?;
    turns::insert_chat(c, turn, place, waifu.version)?;
    let lease = (turn.process, turn.lease);
    runs::start_first(c, turn.turn_id, id, lease, turn.at)?;
    let message = NewMessage {
        id: turn.message_id,
        conversation_id: place.conversation_id,
        turn_id: turn.turn_id,
        turn_no: place.turn_no,
        run: None,
        text: turn.text.as_str(),
        at: turn.at,
    };
    messages::insert(c, &message)?;

    let reference = TurnRef {
        turn_id: turn.turn_id,
        turn_no: place.turn_no,
        run: runs::FIRST,
        message_id: Some(turn.message_id),
    };
    let (message, client_message) = (turn.message_id, turn.client_message_id);
    let events = DurableEvent::of_acceptance(reference, message, client_message);
    durable_events::insert(c, id, relationship.head.seq, &events, turn.at)?;
    relationships::move_head(c, id, 2)?;

    let opening = opening::read(c, turn.turn_id, turn.history_limit, turn.horizon)?;
    Ok(opening.ok_or(diesel::NotFound)?)
}
