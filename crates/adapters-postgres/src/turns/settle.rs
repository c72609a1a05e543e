//! How a run ends.

use diesel_async::AsyncPgConnection;
use waifu_app::failpoint;
use waifu_app::ports::store::Appended;
use waifu_app::ports::turn_store::{Settled, Settlement};

use crate::errors::Fault;
use crate::rows::messages::{self, Said};
use crate::rows::{relationships, runs, spending, turns};

pub(crate) async fn settle(
    connection: &mut AsyncPgConnection,
    settlement: &Settlement,
) -> Result<Settled, Fault> {
    let append = &settlement.append;
    let seq = relationships::lock_head(connection, append.relationship_id).await?;
    // A run that is over can't be stale. What is refused is refused before the first write.
    if !runs::lock_to_end(connection, settlement.turn, settlement.authority).await? {
        return Ok(Settled::EndedByAnother);
    }
    if seq != append.expected.seq {
        return Ok(Settled::Stale);
    }
    runs::end(connection, settlement).await?;
    failpoint::pass("settle.slow.wrote");
    reply(connection, settlement).await?;
    failpoint::pass("settle.slow.wrote");
    let turn = settlement.turn.turn_id;
    match relationships::append(connection, append, Some(turn)).await? {
        Appended::Done => {}
        Appended::Stale => unreachable!("the relationship is locked at the expected head"),
    }
    // Last of all: the user's other relationships wait for it.
    if let Some(spent) = &settlement.spent {
        failpoint::pass("settle.slow.wrote");
        spending::add(connection, spent).await?;
    }
    Ok(Settled::Done)
}

async fn reply(connection: &mut AsyncPgConnection, settlement: &Settlement) -> Result<(), Fault> {
    let Some(reply) = &settlement.reply else {
        return Ok(());
    };
    let turn = settlement.turn;
    let said = Said {
        id: reply.message_id,
        conversation_id: settlement.conversation_id,
        turn_id: turn.turn_id,
        turn_no: turn.turn_no,
        run: Some(turn.run),
        text: &reply.text,
        emotion: Some(reply.emotion),
        at: settlement.at,
    };
    messages::insert(connection, said).await?;
    failpoint::pass("settle.slow.wrote");
    turns::choose(connection, turn.turn_id, turn.run).await
}
