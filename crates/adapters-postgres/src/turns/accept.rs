//! How a message becomes a turn.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest, Sha256};
use waifu_app::failpoint;
use waifu_app::ports::store::NewRun;
use waifu_app::ports::turn_store::{Accepted, DurableEvent, NewTurn, TurnRef};
use waifu_domain::relationship::Relationship;
use waifu_domain::turn::TurnKind;

use crate::columns::{Moment, number, word};
use crate::errors::Fault;
use crate::rows::messages::Said;
use crate::rows::turns::TurnRow;
use crate::rows::waifus::Glance;
use crate::rows::{
    conversations, durable_events, messages, relationships as relationship_rows, runs, turns,
    waifus,
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
    let place = conversations::next_turn(connection, id).await?;
    failpoint::pass("accept.slow.wrote");
    let row = TurnRow {
        id: turn.turn_id.into(),
        relationship_id: id.into(),
        conversation_id: place.conversation_id.into(),
        turn_no: number(place.turn_no)?,
        kind: word(TurnKind::Chat),
        client_message_id: Some(turn.client_message_id.into()),
        message_digest: Some(digest(turn).to_vec()),
        appraisal: turn.appraisal.map(word),
        waifu_version: waifu.version,
        cause: None,
        created_at: Moment(turn.at),
    };
    turns::insert(connection, row).await?;
    failpoint::pass("accept.slow.wrote");
    let turn_id = turn.turn_id;
    let run = NewRun {
        turn_id,
        relationship_id: id,
        process: turn.process,
        lease: turn.lease,
        at: turn.at,
    };
    runs::start(connection, runs::FIRST, run).await?;
    failpoint::pass("accept.slow.wrote");
    let said = Said {
        id: turn.message_id,
        conversation_id: place.conversation_id,
        turn_id,
        turn_no: place.turn_no,
        run: None,
        text: turn.text.as_str(),
        emotion: None,
        at: turn.at,
    };
    messages::insert(connection, said).await?;
    failpoint::pass("accept.slow.wrote");

    let reference = TurnRef {
        turn_id,
        turn_no: place.turn_no,
        run: runs::FIRST,
        message_id: Some(turn.message_id),
    };
    let (message, client_message) = (turn.message_id, turn.client_message_id);
    let events = DurableEvent::of_acceptance(reference, message, client_message);
    let first_seq = relationship.head.seq + 1;
    durable_events::insert(connection, id, first_seq, &events, turn.at).await
}

pub(crate) fn digest(turn: &NewTurn) -> [u8; 32] {
    Sha256::digest(turn.text.as_str()).into()
}
