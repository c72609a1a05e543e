//! How a turn stands, with all that its newest run left.

use diesel::SqliteConnection;
use waifu_app::ports::store::TurnOutcome;
use waifu_domain::ids::TurnId;

use crate::errors::Fault;
use crate::rows::{interactions, messages, runs, turns};

pub(crate) fn read(c: &mut SqliteConnection, id: TurnId) -> Result<Option<TurnOutcome>, Fault> {
    let Some(turn) = turns::by_id(c, id)? else {
        return Ok(None);
    };
    let run = runs::newest(c, id)?;
    let (message, reply) = messages::of_turn(c, turn.conversation_id(), turn.no()?, run.no()?)?;
    Ok(Some(TurnOutcome {
        turn: turn.reference(c, run.no()?)?,
        relationship_id: turn.relationship_id(),
        kind: turn.kind()?,
        status: run.status()?,
        reason: run.reason()?,
        usage: run.usage()?,
        message,
        reply,
        interactions: interactions::of_turn(c, id)?,
    }))
}
