//! Accepting a message. Whatever refuses it comes before the first write.

use std::sync::Arc;

use diesel::SqliteConnection;
use waifu_app::failpoint;
use waifu_app::ports::store::{NewRun, NewSaid};
use waifu_app::ports::turn_store::{Accepted, DurableEvent, NewTurn, Opening, Standing, TurnRef};
use waifu_domain::relationship::Relationship;
use waifu_domain::turn::TurnKind;
use waifu_domain::user::User;
use waifu_domain::waifu::Waifu;

use super::look::{Look, look};
use super::{companion, meet, react};
use crate::companions::Companions;
use crate::errors::Fault;
use crate::rows::conversations::TurnPlace;
use crate::rows::messages::NewMessage;
use crate::rows::turns::TurnRow;
use crate::rows::{conversations, durable_events, messages, relationships, runs, turns};
use crate::types::{DbUuid, checked};

pub(crate) fn accept(
    c: &mut SqliteConnection,
    companions: &Companions,
    turn: &NewTurn,
) -> Result<Accepted, Fault> {
    let Some(look) = look(c, turn)? else {
        return Ok(Accepted::NoSuchWaifu);
    };
    if let Some(known) = &look.known {
        return recognise(c, turn, known);
    }
    let Look {
        waifu,
        user,
        relationship,
        conversation,
        known: _,
        streaming,
    } = look;
    let version = waifu.version()?;
    let waifu = companion::of_version(c, companions, turn.pair.waifu_id, version, waifu)?;
    if relationship.is_none() && !waifu.is_visible_to(turn.pair.user_id) {
        return Ok(Accepted::NoSuchWaifu);
    }
    if waifu.deleted_at.is_some() {
        return Ok(Accepted::WaifuGone);
    }
    let wanted = turn.conversation_id;
    if wanted.is_some() && wanted != conversation.map(|(id, _)| id.id()) {
        return Ok(Accepted::NoSuchConversation);
    }
    if let Some(streaming) = streaming {
        return Ok(Accepted::Busy(react::reference(c, streaming.id())?));
    }
    let (user, _) = user.ok_or(diesel::NotFound)?.into_user()?;
    let (relationship, conversation) = if let Some(relationship) = relationship {
        (relationship.into_relationship()?, conversation)
    } else {
        let first = turn.first_meeting;
        let relationship = meet::meet(c, turn.pair, first, turn.at)?;
        (relationship, Some((first.conversation_id.into(), 0)))
    };
    let place = next_turn(&relationship, conversation.ok_or(diesel::NotFound)?)?;
    let turn_ref = write(c, turn, place, &waifu, &relationship)?;
    let opening = open(c, turn, turn_ref, place, waifu, user, relationship)?;
    Ok(Accepted::New(Box::new(opening)))
}

/// A message that was accepted before.
fn recognise(c: &mut SqliteConnection, turn: &NewTurn, known: &TurnRow) -> Result<Accepted, Fault> {
    if !known.said(&turn.text) {
        return Ok(Accepted::Mismatch);
    }
    let run = runs::newest(c, known.id())?.no()?;
    Ok(Accepted::Duplicate(known.reference(c, run)?))
}

/// The place after the last turn.
fn next_turn(
    relationship: &Relationship,
    (conversation, last_turn_no): (DbUuid, i64),
) -> Result<TurnPlace, Fault> {
    Ok(TurnPlace {
        relationship_id: relationship.id,
        conversation_id: conversation.id(),
        turn_no: checked("conversations.last_turn_no", last_turn_no + 1)?,
    })
}

fn write(
    c: &mut SqliteConnection,
    turn: &NewTurn,
    place: TurnPlace,
    waifu: &Waifu,
    relationship: &Relationship,
) -> Result<TurnRef, Fault> {
    let id = relationship.id;
    conversations::take_turn(c, place)?;
    failpoint::pass("accept.wrote");
    let reference = say(c, &turn.said(id, waifu.version), place)?;
    let (message, client_message) = (turn.message_id, turn.client_message_id);
    let events = DurableEvent::of_acceptance(reference, message, client_message);
    durable_events::insert(c, id, relationship.head.seq, &events, turn.at)?;
    relationships::move_head(c, id, EVENTS)?;
    failpoint::pass("accept.wrote");
    Ok(reference)
}

/// Stores a message in a place that is taken, and starts its first run.
pub(crate) fn say(
    c: &mut SqliteConnection,
    said: &NewSaid,
    place: TurnPlace,
) -> Result<TurnRef, Fault> {
    turns::insert_chat(c, said, place)?;
    failpoint::pass("accept.wrote");
    let run = NewRun {
        turn_id: said.turn_id,
        relationship_id: said.relationship_id,
        process: said.process,
        lease: said.lease,
        at: said.at,
    };
    runs::start(c, runs::FIRST, &run)?;
    failpoint::pass("accept.wrote");
    let message = NewMessage {
        id: said.message_id,
        conversation_id: place.conversation_id,
        turn_id: said.turn_id,
        turn_no: place.turn_no,
        run: None,
        text: said.text.as_str(),
        emotion: None,
        at: said.at,
    };
    messages::insert(c, &message)?;
    failpoint::pass("accept.wrote");
    Ok(TurnRef {
        turn_id: said.turn_id,
        turn_no: place.turn_no,
        run: runs::FIRST,
        message_id: Some(said.message_id),
    })
}

/// An acceptance makes two.
const EVENTS: u32 = 2;

/// The same that [`super::opening::read`] would find now.
fn open(
    c: &mut SqliteConnection,
    turn: &NewTurn,
    turn_ref: TurnRef,
    place: TurnPlace,
    waifu: Arc<Waifu>,
    user: User,
    mut relationship: Relationship,
) -> Result<Opening, Fault> {
    relationship.head.seq += u64::from(EVENTS);
    let state = relationships::state(c, &relationship, turn.horizon)?;
    let conversation = place.conversation_id;
    let history = messages::lines(c, conversation, place.turn_no, turn.history_limit)?;
    let standing = Standing {
        turn: turn_ref,
        kind: TurnKind::Chat,
        conversation_id: conversation,
        ended: None,
        appraisal: turn.appraisal,
        words_so_far: String::new(),
        waifu,
        person: user.person(),
        user: user.into(),
        relationship,
        state,
    };
    Ok(Opening { standing, history })
}
