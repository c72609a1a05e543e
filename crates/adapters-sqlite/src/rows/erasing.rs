//! The end of all that is one user's.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};
use waifu_domain::ids::UserId;
use waifu_domain::timestamp::Timestamp;

use crate::errors::Fault;
use crate::schema::users;
use crate::types::db;

/// `?1` is the user. What refers to something goes before it.
const HIS_LIFE: [&str; 9] = [
    "delete from durable_events where relationship_id in (select id from relationships where user_id = ?1)",
    "delete from receipts where user_id = ?1 or relationship_id in (select id from relationships where user_id = ?1)",
    "delete from event_occurrences where relationship_id in (select id from relationships where user_id = ?1)",
    "delete from interactions where relationship_id in (select id from relationships where user_id = ?1)",
    "delete from messages where conversation_id in
        (select id from conversations where relationship_id in (select id from relationships where user_id = ?1))",
    "delete from runs where turn_id in (select id from turns where relationship_id in (select id from relationships where user_id = ?1))",
    "delete from turns where relationship_id in (select id from relationships where user_id = ?1)",
    "delete from conversations where relationship_id in (select id from relationships where user_id = ?1)",
    "delete from relationships where user_id = ?1",
];
const HIS_ACTS_AS_OPERATOR: &str = "
    update interactions set cause = json_remove(cause, '$.operator_id')
    where kind = 'adjustment' and json_extract(cause, '$.operator_id') = ?1";
const HIS_COMPANIONS_WORDS: [&str; 2] = [
    "update waifus set owner_id = null
        where owner_id = ?1 and visibility = 'public' and deleted_at is null and exists (select 1 from relationships where relationships.waifu_id = waifus.id)",
    "update waifu_versions set name = 'erased', personality = '{}', appearance = '{}', stats = '{}'
        where waifu_id in (select id from waifus where owner_id = ?1)",
];
const SHELLS: &str = "
    update waifus
    set owner_id = null, visibility = 'private', name = 'erased', personality = '{}', appearance = '{}',
        stats = '{}', updated_at = ?2, deleted_at = coalesce(deleted_at, ?2)
    where owner_id = ?1 and exists (select 1 from relationships where relationships.waifu_id = waifus.id)";
const THE_REST: [&str; 6] = [
    "delete from waifu_versions where waifu_id in (select id from waifus where owner_id = ?1)",
    "delete from waifus where owner_id = ?1",
    "delete from api_keys where user_id = ?1",
    "delete from sessions where user_id = ?1",
    "delete from spending where user_id = ?1",
    "delete from users where id = ?1",
];

/// The unit of work is the only one that writes.
pub(crate) fn erase(c: &mut SqliteConnection, user: UserId, at: Timestamp) -> Result<bool, Fault> {
    let is_there = users::table.find(db(user)).count().get_result::<i64>(c)? == 1;
    for statement in HIS_LIFE {
        run(c, statement, user)?;
    }
    diesel::sql_query(HIS_ACTS_AS_OPERATOR)
        .bind::<Text, _>(user.to_string())
        .execute(c)?;
    for statement in HIS_COMPANIONS_WORDS {
        run(c, statement, user)?;
    }
    diesel::sql_query(SHELLS)
        .bind::<Binary, _>(db(user))
        .bind::<BigInt, _>(at.unix_micros())
        .execute(c)?;
    for statement in THE_REST {
        run(c, statement, user)?;
    }
    Ok(is_there)
}

fn run(c: &mut SqliteConnection, statement: &str, user: UserId) -> Result<(), Fault> {
    diesel::sql_query(statement)
        .bind::<Binary, _>(db(user))
        .execute(c)?;
    Ok(())
}
