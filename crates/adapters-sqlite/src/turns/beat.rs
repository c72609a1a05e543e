//! Heartbeats: leases renewed, words saved, heads left alone.

use diesel::prelude::*;
use time::Duration;
use waifu_app::ports::turn_store::Heartbeat;
use waifu_domain::ids::{ProcessId, TurnId};
use waifu_domain::turn::RunStatus;

use crate::errors::Fault;
use crate::rows::runs::{clock, lease_until};
use crate::schema::runs;
use crate::types::{db, name_of};

/// Returns the turns whose runs are over, or another's.
pub(crate) fn beat(
    c: &mut SqliteConnection,
    process: ProcessId,
    lease: Duration,
    beats: &[Heartbeat],
) -> Result<Vec<TurnId>, Fault> {
    let until = lease_until(clock(c)?, lease);
    let mut lost = Vec::new();
    for beat in beats {
        let run = runs::table.find((db(beat.turn_id), i64::from(beat.run)));
        let renewed = diesel::update(run)
            .filter(runs::status.eq(name_of(RunStatus::Streaming)))
            .filter(runs::lease_owner.eq(db(process)))
            .set((
                runs::lease_until.eq(until),
                runs::words_so_far.eq(&*beat.words),
            ))
            .execute(c)?;
        if renewed == 0 {
            lost.push(beat.turn_id);
        }
    }
    Ok(lost)
}
