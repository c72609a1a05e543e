//! Runs that nobody streams any more.

use diesel::prelude::*;
use waifu_domain::ids::TurnId;
use waifu_domain::turn::RunStatus;

use crate::errors::Fault;
use crate::rows::runs::clock;
use crate::schema::runs;
use crate::types::{DbUuid, name_of};

/// Those whose lease ran out first come first.
pub(crate) fn abandoned(c: &mut SqliteConnection, limit: u32) -> Result<Vec<TurnId>, Fault> {
    let now = clock(c)?;
    let turns = runs::table
        .filter(runs::status.eq(name_of(RunStatus::Streaming)))
        .filter(runs::lease_until.lt(now))
        .order(runs::lease_until)
        .limit(limit.into())
        .select(runs::turn_id)
        .load::<DbUuid>(c)?;
    Ok(turns.into_iter().map(DbUuid::id).collect())
}
