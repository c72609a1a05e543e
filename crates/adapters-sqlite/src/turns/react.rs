//! Turns that answer what a user did.

use diesel::SqliteConnection;
use waifu_app::ports::store::NewReaction;
use waifu_app::ports::turn_store::TurnRef;
use waifu_domain::ids::RelationshipId;

use crate::errors::Fault;
use crate::rows::{conversations, runs, turns};

pub(crate) fn start(c: &mut SqliteConnection, reaction: &NewReaction) -> Result<TurnRef, Fault> {
    let relationship = reaction.relationship_id;
    let place = conversations::next_turn(c, relationship)?;
    turns::insert_reaction(c, reaction, place)?;
    let lease = (reaction.process, reaction.lease);
    runs::start_first(c, reaction.turn_id, relationship, lease, reaction.at)?;
    Ok(TurnRef {
        turn_id: reaction.turn_id,
        turn_no: place.turn_no,
        run: runs::FIRST,
        message_id: None,
    })
}

/// The turn that is being answered, if one is.
pub(crate) fn streaming(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
) -> Result<Option<TurnRef>, Fault> {
    let Some(id) = runs::streaming(c, relationship)? else {
        return Ok(None);
    };
    let turn = turns::by_id(c, id)?.ok_or(diesel::NotFound)?;
    let run = runs::newest(c, id)?.no()?;
    turn.reference(c, run).map(Some)
}
