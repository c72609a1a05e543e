//! How a message becomes a turn.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use waifu_app::failpoint;
use waifu_app::ports::turn_store::{Accepted, DurableEvent, NewTurn};
use waifu_domain::relationship::Relationship;

use crate::columns::count;
use crate::errors::Fault;
use crate::rows::turns::digest;
use crate::rows::waifus::Glance;
use crate::rows::{
    conversations, durable_events, relationships as relationship_rows, runs, turns, waifus,
};
use crate::schema::relationships;

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
    let relationship = if let Some(relationship) = known {
        relationship
    } else if let Some(refusal) = refuse_strangers(turn, &waifu) {
        return Ok(refusal);
    } else {
        let (pair, first) = (turn.pair, turn.first_meeting);
        relationship_rows::make(connection, pair, first, turn.at).await?
    };
    if let Some(refusal) = refuse(connection, turn, &waifu, &relationship).await? {
        return Ok(refusal);
    }
    write(connection, turn, &waifu, &relationship).await?;
    let (id, limit) = (turn.turn_id, turn.history_limit);
    let opening = super::opening(connection, id, limit, turn.horizon)
        .await?
        .ok_or(Fault::Missing("turns"))?;
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
        if known.message_digest.as_deref() != Some(&digest(&turn.text)) {
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
        && turn.conversation_id != conversations::default_of(connection, id).await?
    {
        return Ok(Some(Accepted::NoSuchConversation));
    }
    let busy = turns::streaming(connection, id).await?;
    Ok(busy.map(Accepted::Busy))
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
    failpoint::pass("accept.slow.wrote");
    let version = count("waifus.version", waifu.version)?;
    let reference = turns::say(connection, &turn.said(id, version)).await?;
    let (message, client_message) = (turn.message_id, turn.client_message_id);
    let events = DurableEvent::of_acceptance(reference, message, client_message);
    let first_seq = relationship.head.seq + 1;
    durable_events::insert(connection, id, first_seq, &events, turn.at).await
}
