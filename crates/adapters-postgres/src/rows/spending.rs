//! What users have spent, a row for each of their days.

use async_trait::async_trait;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::QueryFragment;
use diesel::sql_types::{Array, BigInt, Integer, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use waifu_app::ports::store::{Day, Spending, Spent, StoreError};
use waifu_app::ports::turn_store::Settlement;
use waifu_domain::ids::UserId;

use crate::columns::valid;
use crate::errors::Fault;
use crate::schema::spending;
use crate::sql::binds;
use crate::unit_of_work::Repository;

const FORGET: &str = "
    delete from spending
    using (select user_id, day from spending where day < $1 limit $2) as old
    where spending.user_id = old.user_id and spending.day = old.day";

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

    async fn forget_before(&mut self, day: Day, limit: u32) -> Result<u64, StoreError> {
        Ok(forget_before(self.0, day, limit).await?)
    }
}
