//! What users have spent, a row for each of their days.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use waifu_app::ports::store::{Day, DayUsage, Spent};
use waifu_domain::ids::UserId;

use crate::errors::{Corrupt, Fault};
use crate::schema::spending;
use crate::sql::{Sql, binds};
use crate::types::{checked, db};

const ADD: &str = "
    insert into spending (user_id, day, tokens) values (?1, ?2, ?3)
    on conflict (user_id, day) do update set tokens = tokens + excluded.tokens";
const FORGET: &str = "
    delete from spending where (user_id, day) in (select user_id, day from spending where day < ?1 limit ?2)";

/// Microseconds since 1970 are never below 0 here: no run began before this program was written.
const USAGE: &str = "
    select runs.started_at / 86400000000 as day,
        count(distinct relationships.user_id) as users,
        count(*) as runs,
        count(*) filter (where runs.status = 'failed') as failed_runs,
        coalesce(sum(runs.prompt_tokens), 0) as prompt_tokens,
        coalesce(sum(runs.completion_tokens), 0) as completion_tokens
    from runs join relationships on relationships.id = runs.relationship_id
    where runs.started_at >= ?1 and runs.started_at < ?2
    group by 1 order by 1";

struct Add;

#[derive(QueryableByName)]
struct UsageRow {
    #[diesel(sql_type = BigInt)]
    day: i64,
    #[diesel(sql_type = BigInt)]
    users: i64,
    #[diesel(sql_type = BigInt)]
    runs: i64,
    #[diesel(sql_type = BigInt)]
    failed_runs: i64,
    #[diesel(sql_type = BigInt)]
    prompt_tokens: i64,
    #[diesel(sql_type = BigInt)]
    completion_tokens: i64,
}

impl UsageRow {
    fn into_usage(self) -> Result<DayUsage, Corrupt> {
        Ok(DayUsage {
            day: Day::numbered(checked("runs.started_at", self.day)?),
            users: checked("runs", self.users)?,
            runs: checked("runs", self.runs)?,
            failed_runs: checked("runs", self.failed_runs)?,
            prompt_tokens: checked("runs.prompt_tokens", self.prompt_tokens)?,
            completion_tokens: checked("runs.completion_tokens", self.completion_tokens)?,
        })
    }
}

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

pub(crate) fn of_user(c: &mut SqliteConnection, user: UserId) -> Result<Vec<(Day, u64)>, Fault> {
    let rows: Vec<(i64, i64)> = spending::table
        .filter(spending::user_id.eq(db(user)))
        .order(spending::day)
        .select((spending::day, spending::tokens))
        .load(c)?;
    rows.into_iter()
        .map(|(day, tokens)| {
            let day = Day::numbered(checked("spending.day", day)?);
            Ok((day, checked("spending.tokens", tokens)?))
        })
        .collect()
}

pub(crate) fn usage(c: &mut SqliteConnection, from: Day, to: Day) -> Result<Vec<DayUsage>, Fault> {
    let rows: Vec<UsageRow> = diesel::sql_query(USAGE)
        .bind::<BigInt, _>(from.start().unix_micros())
        .bind::<BigInt, _>(to.after().start().unix_micros())
        .load(c)?;
    let days: Result<Vec<_>, _> = rows.into_iter().map(UsageRow::into_usage).collect();
    Ok(days?)
}

pub(crate) fn forget_before(c: &mut SqliteConnection, day: Day, limit: u32) -> Result<u64, Fault> {
    let forgotten = diesel::sql_query(FORGET)
        .bind::<BigInt, _>(i64::from(day.number()))
        .bind::<BigInt, _>(i64::from(limit))
        .execute(c)?;
    Ok(forgotten as u64)
}
