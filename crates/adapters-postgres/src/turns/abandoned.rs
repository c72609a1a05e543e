//! Which runs nobody streams any more.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use waifu_domain::ids::TurnId;

use crate::errors::Fault;
use crate::rows::runs::clock_timestamp;
use crate::schema::runs;

pub(crate) async fn abandoned(
    connection: &mut AsyncPgConnection,
    limit: u32,
) -> Result<Vec<TurnId>, Fault> {
    let turns: Vec<Uuid> = runs::table
        .filter(runs::ended_at.is_null())
        .filter(runs::lease_until.lt(clock_timestamp().nullable()))
        .order_by(runs::lease_until)
        .limit(limit.into())
        .select(runs::turn_id)
        .load(connection)
        .await?;
    Ok(turns.into_iter().map(TurnId::from).collect())
}
