//! What one act adds to a relationship: the same for a turn that settles and for a unit of work.

use diesel::SqliteConnection;
use waifu_app::ports::store::Appended;
use waifu_app::ports::turn_store::{Append, Settlement};

use crate::errors::Fault;
use crate::rows::{durable_events, event_occurrences, interactions, relationships};

/// `settled` is the settlement that this is part of: `Stale` then says too that its run may not be ended.
pub(crate) fn append(
    c: &mut SqliteConnection,
    append: &Append,
    settled: Option<&Settlement>,
) -> Result<Appended, Fault> {
    if relationships::advance(c, append, settled)? == Appended::Stale {
        return Ok(Appended::Stale);
    }
    let id = append.relationship_id;
    if let Some(moved) = &append.moved {
        let turn = settled.map(|settlement| settlement.turn.turn_id);
        interactions::insert(c, &moved.entries, turn)?;
    }
    // One that closes makes room for the next of its event.
    event_occurrences::close(c, id, &append.closed)?;
    event_occurrences::insert(c, id, &append.opened)?;
    durable_events::insert(c, id, append.expected.seq, &append.events, append.at)?;
    Ok(Appended::Done)
}
