//! Runs that nobody streams any more.

use diesel::prelude::*;
use waifu_domain::ids::TurnId;

use crate::errors::Fault;
use crate::rows::runs::clock;
use crate::schema::runs;
use crate::types::DbUuid;

/// Those whose lease ran out first come first.
pub(crate) fn abandoned(c: &mut SqliteConnection, limit: u32) -> Result<Vec<TurnId>, Fault> {
    let now = clock(c)?;
    let turns = runs::table
        .filter(runs::ended_at.is_null())
        .filter(runs::lease_until.lt(now))
        .order(runs::lease_until)
        .limit(limit.into())
        .select(runs::turn_id)
        .load::<DbUuid>(c)?;
    Ok(turns.into_iter().map(DbUuid::id).collect())
}
