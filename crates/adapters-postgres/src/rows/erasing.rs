//! The end of all that is one user's.

use diesel::prelude::*;
use diesel::sql_types::{Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use waifu_domain::ids::UserId;
use waifu_domain::timestamp::Timestamp;

use crate::columns::Moment;
use crate::errors::Fault;
use crate::schema::{relationships, users, waifus};

/// `$1` is the user. What refers to something goes before it.
const HIS_LIFE: [&str; 9] = [
    "delete from durable_events where relationship_id in (select id from relationships where user_id = $1)",
    "delete from receipts where user_id = $1 or relationship_id in (select id from relationships where user_id = $1)",
    "delete from event_occurrences where relationship_id in (select id from relationships where user_id = $1)",
    "delete from interactions where relationship_id in (select id from relationships where user_id = $1)",
    "delete from messages where conversation_id in
        (select id from conversations where relationship_id in (select id from relationships where user_id = $1))",
    "delete from runs where turn_id in (select id from turns where relationship_id in (select id from relationships where user_id = $1))",
    "delete from turns where relationship_id in (select id from relationships where user_id = $1)",
    "delete from conversations where relationship_id in (select id from relationships where user_id = $1)",
    "delete from relationships where user_id = $1",
];
const HIS_ACTS_AS_OPERATOR: &str = "
    update interactions set cause = cause - 'operator_id'
    where kind = 'adjustment' and cause ->> 'operator_id' = $1::text";
const HIS_COMPANIONS_WORDS: [&str; 2] = [
    "update waifus set owner_id = null
        where owner_id = $1 and visibility = 'public' and deleted_at is null and exists (select 1 from relationships where relationships.waifu_id = waifus.id)",
    "update waifu_versions set name = 'erased', personality = '{}', appearance = '{}', stats = '{}'
        where waifu_id in (select id from waifus where owner_id = $1)",
];
const SHELLS: &str = "
    update waifus
    set owner_id = null, visibility = 'private', name = 'erased', personality = '{}', appearance = '{}',
        stats = '{}', updated_at = $2, deleted_at = coalesce(deleted_at, $2)
    where owner_id = $1 and exists (select 1 from relationships where relationships.waifu_id = waifus.id)";
const THE_REST: [&str; 6] = [
    "delete from waifu_versions where waifu_id in (select id from waifus where owner_id = $1)",
    "delete from waifus where owner_id = $1",
    "delete from api_keys where user_id = $1",
    "delete from sessions where user_id = $1",
    "delete from spending where user_id = $1",
    "delete from users where id = $1",
];

pub(crate) async fn erase(
    connection: &mut AsyncPgConnection,
    user: UserId,
    at: Timestamp,
) -> Result<bool, Fault> {
    let is_there = lock(connection, user).await?;
    for statement in HIS_LIFE {
        run(connection, statement, user).await?;
    }
    run(connection, HIS_ACTS_AS_OPERATOR, user).await?;
    for statement in HIS_COMPANIONS_WORDS {
        run(connection, statement, user).await?;
    }
    diesel::sql_query(SHELLS)
        .bind::<SqlUuid, _>(user.as_uuid())
        .bind::<Timestamptz, _>(Moment(at))
        .execute(connection)
        .await?;
    for statement in THE_REST {
        run(connection, statement, user).await?;
    }
    Ok(is_there)
}

/// From here on nobody makes anything that refers to him, to what he has, or to whom he owns.
async fn lock(connection: &mut AsyncPgConnection, user: UserId) -> Result<bool, Fault> {
    let user = user.as_uuid();
    let found: Option<Uuid> = users::table
        .find(user)
        .select(users::id)
        .for_update()
        .first(connection)
        .await
        .optional()?;
    let _: Vec<Uuid> = waifus::table
        .filter(waifus::owner_id.eq(user))
        .select(waifus::id)
        .for_update()
        .load(connection)
        .await?;
    let _: Vec<Uuid> = relationships::table
        .filter(relationships::user_id.eq(user))
        .select(relationships::id)
        .for_update()
        .load(connection)
        .await?;
    Ok(found.is_some())
}

async fn run(
    connection: &mut AsyncPgConnection,
    statement: &str,
    user: UserId,
) -> Result<(), Fault> {
    diesel::sql_query(statement)
        .bind::<SqlUuid, _>(user.as_uuid())
        .execute(connection)
        .await?;
    Ok(())
}
