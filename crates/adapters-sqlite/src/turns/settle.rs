//! Settling: the only way that a run ends. Whatever refuses it is found by the first write, which then writes nothing.

use diesel::SqliteConnection;
use waifu_app::failpoint;
use waifu_app::ports::store::Appended;
use waifu_app::ports::turn_store::{Authority, Settled, Settlement};
use waifu_domain::turn::RunStatus;

use super::append;
use crate::errors::Fault;
use crate::rows::messages::NewMessage;
use crate::rows::runs::RunRow;
use crate::rows::{messages, runs, spending, turns};
use crate::types::db;

pub(crate) fn settle(c: &mut SqliteConnection, settlement: &Settlement) -> Result<Settled, Fault> {
    let turn = settlement.turn;
    match append::append(c, &settlement.append, Some(settlement))? {
        Appended::Stale => return refusal(c, settlement),
        Appended::Done => {}
    }
    failpoint::pass("settle.wrote");
    runs::end(c, settlement)?;
    failpoint::pass("settle.wrote");
    if let Some(spent) = &settlement.spent {
        spending::add(c, spent)?;
        failpoint::pass("settle.wrote");
    }
    if let Some(reply) = &settlement.reply {
        let message = NewMessage {
            id: reply.message_id,
            conversation_id: settlement.conversation_id,
            turn_id: turn.turn_id,
            turn_no: turn.turn_no,
            run: Some(turn.run),
            text: &reply.text,
            emotion: Some(reply.emotion),
            at: settlement.at,
        };
        messages::insert(c, &message)?;
        turns::choose_run(c, turn.turn_id, turn.run)?;
        failpoint::pass("settle.wrote");
    }
    Ok(Settled::Done)
}

/// Why nothing was written. A run that is over can't be stale.
fn refusal(c: &mut SqliteConnection, settlement: &Settlement) -> Result<Settled, Fault> {
    let turn = settlement.turn;
    let Some(run) = runs::get(c, turn.turn_id, turn.run)? else {
        return Ok(Settled::EndedByAnother);
    };
    if !may_end(c, &run, settlement)? {
        return Ok(Settled::EndedByAnother);
    }
    if run.relationship_id != db(settlement.append.relationship_id) {
        let why = "a settlement appends to the relationship of its run";
        return Err(Fault::Misuse(why));
    }
    Ok(Settled::Stale)
}

/// The holder may, even after its lease has run out, and the user at any time; anybody else only then.
fn may_end(c: &mut SqliteConnection, run: &RunRow, settlement: &Settlement) -> Result<bool, Fault> {
    if run.status()? != RunStatus::Streaming {
        return Ok(false);
    }
    match settlement.authority {
        Authority::Holder(process) => Ok(run.lease_owner == Some(db(process))),
        Authority::User => Ok(true),
        Authority::LeaseExpired => {
            runs::has_run_out(c, settlement.turn.turn_id, settlement.turn.run)
        }
    }
}
