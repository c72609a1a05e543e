//! Settling: the only way that a run ends.

use diesel::SqliteConnection;
use waifu_app::ports::store::Appended;
use waifu_app::ports::turn_store::{Authority, Settled, Settlement};
use waifu_domain::turn::RunStatus;

use super::append;
use crate::errors::Fault;
use crate::rows::messages::NewMessage;
use crate::rows::runs::RunRow;
use crate::rows::{messages, runs, turns};
use crate::types::db;

pub(crate) fn settle(c: &mut SqliteConnection, settlement: &Settlement) -> Result<Settled, Fault> {
    let turn = settlement.turn;
    let Some(run) = runs::get(c, turn.turn_id, turn.run)? else {
        return Ok(Settled::EndedByAnother);
    };
    // A run that is over can't be stale, so this comes first.
    if !may_end(c, &run, settlement.authority)? {
        return Ok(Settled::EndedByAnother);
    }
    if run.relationship_id != db(settlement.append.relationship_id) {
        let why = "a settlement appends to the relationship of its run";
        return Err(Fault::Misuse(why));
    }
    match append::append(c, &settlement.append, Some(turn.turn_id))? {
        Appended::Stale => return Ok(Settled::Stale),
        Appended::Done => {}
    }
    runs::end(c, settlement)?;
    if let Some(reply) = &settlement.reply {
        let message = NewMessage {
            id: reply.message_id,
            conversation_id: settlement.conversation_id,
            turn_id: turn.turn_id,
            turn_no: turn.turn_no,
            run: Some(turn.run),
            text: &reply.text,
            at: settlement.at,
        };
        messages::insert(c, &message)?;
        turns::choose_run(c, turn.turn_id, turn.run)?;
    }
    Ok(Settled::Done)
}

/// The holder may, even after its lease has run out; anybody else only then.
fn may_end(c: &mut SqliteConnection, run: &RunRow, authority: Authority) -> Result<bool, Fault> {
    if run.status()? != RunStatus::Streaming {
        return Ok(false);
    }
    Ok(match authority {
        Authority::Holder(process) => run.lease_owner == Some(db(process)),
        Authority::LeaseExpired => {
            let now = runs::clock(c)?;
            run.lease_until.is_some_and(|until| until < now)
        }
    })
}
