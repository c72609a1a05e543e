//! Heartbeats: leases renewed, words saved, heads left alone.

use diesel::SqliteConnection;
use time::Duration;
use waifu_app::ports::turn_store::Heartbeat;
use waifu_domain::ids::{ProcessId, TurnId};

use crate::errors::Fault;
use crate::rows::runs;

/// Returns the turns whose runs are over, or another's.
pub(crate) fn beat(
    c: &mut SqliteConnection,
    process: ProcessId,
    lease: Duration,
    beats: &[Heartbeat],
) -> Result<Vec<TurnId>, Fault> {
    let mut lost = Vec::new();
    for beat in beats {
        if !runs::renew(c, process, lease, beat)? {
            lost.push(beat.turn_id);
        }
    }
    Ok(lost)
}
