//! Turns that answer what a user did, and turns that are answered again.

use diesel::SqliteConnection;
use waifu_app::ports::store::{LatestTurn, NewReaction, NewRun, NewSaid};
use waifu_app::ports::turn_store::TurnRef;
use waifu_domain::ids::{RelationshipId, TurnId};

use super::accept;
use crate::errors::Fault;
use crate::rows::{conversations, runs, turns};

pub(crate) fn start(c: &mut SqliteConnection, reaction: &NewReaction) -> Result<TurnRef, Fault> {
    let relationship = reaction.relationship_id;
    let place = conversations::next_turn(c, relationship)?;
    turns::insert_reaction(c, reaction, place)?;
    let run = NewRun {
        turn_id: reaction.turn_id,
        relationship_id: relationship,
        process: reaction.process,
        lease: reaction.lease,
        at: reaction.at,
    };
    runs::start(c, runs::FIRST, &run)?;
    Ok(TurnRef {
        turn_id: reaction.turn_id,
        turn_no: place.turn_no,
        run: runs::FIRST,
        message_id: None,
    })
}

/// The next turn answers a message.
pub(crate) fn say(c: &mut SqliteConnection, said: &NewSaid) -> Result<TurnRef, Fault> {
    let place = conversations::next_turn(c, said.relationship_id)?;
    accept::say(c, said, place)
}

/// Another run of a turn.
pub(crate) fn start_again(c: &mut SqliteConnection, again: &NewRun) -> Result<TurnRef, Fault> {
    let turn = turns::by_id(c, again.turn_id)?.ok_or(diesel::NotFound)?;
    let run = runs::newest(c, again.turn_id)?.no()? + 1;
    runs::start(c, run, again)?;
    turn.reference(c, run)
}

/// The last turn of the default conversation that stands.
pub(crate) fn latest(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
) -> Result<Option<LatestTurn>, Fault> {
    let Some(turn) = turns::last_standing(c, relationship)? else {
        return Ok(None);
    };
    let run = runs::newest(c, turn.id())?;
    Ok(Some(LatestTurn {
        turn: turn.reference(c, run.no()?)?,
        kind: turn.kind()?,
        cause: turns::cause(c, turn.id())?,
        status: run.status()?,
    }))
}

/// The turn that is being answered, if one is.
pub(crate) fn streaming(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
) -> Result<Option<TurnRef>, Fault> {
    match runs::streaming(c, relationship)? {
        Some(turn) => reference(c, turn).map(Some),
        None => Ok(None),
    }
}

/// A turn that is there, with its newest run.
pub(crate) fn reference(c: &mut SqliteConnection, id: TurnId) -> Result<TurnRef, Fault> {
    let turn = turns::by_id(c, id)?.ok_or(diesel::NotFound)?;
    let run = runs::newest(c, id)?.no()?;
    turn.reference(c, run)
}
