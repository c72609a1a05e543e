//! What users have spent, a row for each of their days.

use async_trait::async_trait;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::QueryFragment;
use diesel::sql_types::{Array, BigInt, Integer, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use waifu_app::ports::store::{Day, DayUsage, Spending, Spent, StoreError};
use waifu_app::ports::turn_store::Settlement;
use waifu_domain::ids::UserId;

use crate::columns::{Moment, valid};
use crate::errors::Fault;
use crate::schema::spending;
use crate::sql::binds;
use crate::unit_of_work::Repository;

const FORGET: &str = "
    delete from spending
    using (select user_id, day from spending where day < $1 limit $2) as old
    where spending.user_id = old.user_id and spending.day = old.day";

const USAGE: &str = "
    select floor(extract(epoch from runs.started_at) / 86400)::integer as day,
        count(distinct relationships.user_id) as users,
        count(*) as runs,
        count(*) filter (where runs.status = 'failed') as failed_runs,
        coalesce(sum(runs.prompt_tokens), 0)::bigint as prompt_tokens,
        coalesce(sum(runs.completion_tokens), 0)::bigint as completion_tokens
    from runs join relationships on relationships.id = runs.relationship_id
    where runs.started_at >= $1 and runs.started_at < $2
    group by 1 order by 1";

#[derive(QueryableByName)]
struct UsageRow {
    #[diesel(sql_type = Integer)]
    day: i32,
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
    fn read(self) -> Result<DayUsage, Fault> {
        let whole = |number: i64| valid("runs", u64::try_from(number));
        Ok(DayUsage {
            day: Day::numbered(self.day),
            users: whole(self.users)?,
            runs: whole(self.runs)?,
            failed_runs: whole(self.failed_runs)?,
            prompt_tokens: whole(self.prompt_tokens)?,
            completion_tokens: whole(self.completion_tokens)?,
        })
    }
}

pub(crate) async fn add(connection: &mut AsyncPgConnection, spent: &Spent) -> Result<(), Fault> {
    diesel::insert_into(spending::table)
        .values((
            spending::user_id.eq(spent.user_id.as_uuid()),
            spending::day.eq(spent.day.number()),
            spending::tokens.eq(i64::from(spent.tokens)),
        ))
        .on_conflict((spending::user_id, spending::day))
        .do_update()
        .set(spending::tokens.eq(spending::tokens + i64::from(spent.tokens)))
        .execute(connection)
        .await?;
    Ok(())
}

/// After the relationship that each belongs to, for a statement that writes those of many settlements.
pub(crate) fn columns(settlements: &[&Settlement]) -> impl QueryFragment<Pg> + Send + use<> {
    let (mut relationships, mut users, mut days, mut tokens) = (vec![], vec![], vec![], vec![]);
    for settlement in settlements {
        if let Some(spent) = settlement.spent {
            relationships.push(settlement.append.relationship_id.as_uuid());
            users.push(spent.user_id.as_uuid());
            days.push(spent.day.number());
            tokens.push(i64::from(spent.tokens));
        }
    }
    binds!(
        relationships => Array<SqlUuid>,
        users => Array<SqlUuid>,
        days => Array<Integer>,
        tokens => Array<BigInt>,
    )
}

async fn of_day(connection: &mut AsyncPgConnection, user: UserId, day: Day) -> Result<u64, Fault> {
    let tokens: Option<i64> = spending::table
        .find((user.as_uuid(), day.number()))
        .select(spending::tokens)
        .first(connection)
        .await
        .optional()?;
    valid("spending.tokens", u64::try_from(tokens.unwrap_or_default()))
}

async fn of_user(
    connection: &mut AsyncPgConnection,
    user: UserId,
) -> Result<Vec<(Day, u64)>, Fault> {
    let rows: Vec<(i32, i64)> = spending::table
        .filter(spending::user_id.eq(user.as_uuid()))
        .order_by(spending::day)
        .select((spending::day, spending::tokens))
        .load(connection)
        .await?;
    rows.into_iter()
        .map(|(day, tokens)| {
            let tokens = valid("spending.tokens", u64::try_from(tokens))?;
            Ok((Day::numbered(day), tokens))
        })
        .collect()
}

async fn usage(
    connection: &mut AsyncPgConnection,
    from: Day,
    to: Day,
) -> Result<Vec<DayUsage>, Fault> {
    let rows: Vec<UsageRow> = diesel::sql_query(USAGE)
        .bind::<Timestamptz, _>(Moment(from.start()))
        .bind::<Timestamptz, _>(Moment(to.after().start()))
        .load(connection)
        .await?;
    rows.into_iter().map(UsageRow::read).collect()
}

async fn forget_before(
    connection: &mut AsyncPgConnection,
    day: Day,
    limit: u32,
) -> Result<u64, Fault> {
    let forgotten = diesel::sql_query(FORGET)
        .bind::<Integer, _>(day.number())
        .bind::<BigInt, _>(i64::from(limit))
        .execute(connection)
        .await?;
    Ok(forgotten as u64)
}

#[async_trait]
impl Spending for Repository<'_> {
    async fn of_day(&mut self, user: UserId, day: Day) -> Result<u64, StoreError> {
        Ok(of_day(self.0, user, day).await?)
    }

    async fn of_user(&mut self, user: UserId) -> Result<Vec<(Day, u64)>, StoreError> {
        Ok(of_user(self.0, user).await?)
    }

    async fn usage(&mut self, from: Day, to: Day) -> Result<Vec<DayUsage>, StoreError> {
        Ok(usage(self.0, from, to).await?)
    }

    async fn forget_before(&mut self, day: Day, limit: u32) -> Result<u64, StoreError> {
        Ok(forget_before(self.0, day, limit).await?)
    }
}
