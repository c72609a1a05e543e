//! What users have spent, a row for each of their days.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use waifu_app::ports::store::{Day, Spent};
use waifu_domain::ids::UserId;

use crate::errors::Fault;
use crate::schema::spending;
use crate::sql::{Sql, binds};
use crate::types::{checked, db};

const ADD: &str = "
    insert into spending (user_id, day, tokens) values (?1, ?2, ?3)
    on conflict (user_id, day) do update set tokens = tokens + excluded.tokens";
const FORGET: &str = "
    delete from spending where (user_id, day) in (select user_id, day from spending where day < ?1 limit ?2)";

struct Add;

pub(crate) fn add(c: &mut SqliteConnection, spent: &Spent) -> Result<(), Fault> {
    let binds = binds!(
        db(spent.user_id) => Binary,
        i64::from(spent.day.number()) => BigInt,
        i64::from(spent.tokens) => BigInt,
    );
    Sql::<Add, _>::new(ADD, binds).execute(c)?;
    Ok(())
}

pub(crate) fn of_day(c: &mut SqliteConnection, user: UserId, day: Day) -> Result<u64, Fault> {
    let tokens = spending::table
        .find((db(user), i64::from(day.number())))
        .select(spending::tokens)
        .first::<i64>(c)
        .optional()?;
    Ok(checked("spending.tokens", tokens.unwrap_or_default())?)
}

pub(crate) fn forget_before(c: &mut SqliteConnection, day: Day, limit: u32) -> Result<u64, Fault> {
    let forgotten = diesel::sql_query(FORGET)
        .bind::<BigInt, _>(i64::from(day.number()))
        .bind::<BigInt, _>(i64::from(limit))
        .execute(c)?;
    Ok(forgotten as u64)
}
