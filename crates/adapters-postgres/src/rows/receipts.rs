//! What requests wrote, under the keys with which they were made.

use async_trait::async_trait;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use waifu_app::ports::store::{
    Receipt, ReceiptKey, Receipts, StoreError, Taken, Written, WrittenAct,
};
use waifu_domain::ids::{TurnId, UserId};
use waifu_domain::timestamp::Timestamp;

use crate::columns::{Moment, count, hash, number, valid};
use crate::errors::Fault;
use crate::schema::receipts;
use crate::unit_of_work::Repository;

const OF_NOTHING: &str = "one is of nothing";

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = receipts, check_for_backend(Pg))]
struct ReceiptRow {
    user_id: Uuid,
    scope: String,
    key: String,
    request: Vec<u8>,
    relationship_id: Option<Uuid>,
    after_no: Option<i32>,
    last_no: Option<i32>,
    turn_id: Option<Uuid>,
    at: Moment,
    expires_at: Option<Moment>,
    run: Option<i32>,
    waifu_id: Option<Uuid>,
}

impl ReceiptRow {
    fn of(key: &ReceiptKey, receipt: Receipt) -> Result<Self, Fault> {
        let row = Self {
            user_id: key.user_id.into(),
            scope: key.scope.clone(),
            key: key.key.clone(),
            request: receipt.request.to_vec(),
            relationship_id: None,
            after_no: None,
            last_no: None,
            turn_id: None,
            at: Moment(receipt.at),
            expires_at: receipt.expires_at.map(Moment),
            run: None,
            waifu_id: None,
        };
        Ok(match receipt.of {
            Written::Act(act) => Self {
                relationship_id: Some(act.relationship_id.into()),
                after_no: Some(number(act.after_no)?),
                last_no: Some(number(act.last_no)?),
                turn_id: act.turn_id.map(Uuid::from),
                ..row
            },
            Written::Run {
                relationship_id,
                turn_id,
                run,
            } => Self {
                relationship_id: Some(relationship_id.into()),
                turn_id: Some(turn_id.into()),
                run: Some(number(run)?),
                ..row
            },
            Written::Waifu(id) => Self {
                waifu_id: Some(id.into()),
                ..row
            },
        })
    }

    fn read(self) -> Result<Receipt, Fault> {
        Ok(Receipt {
            request: hash("receipts.request", &self.request)?,
            of: self.written()?,
            at: self.at.0,
            expires_at: self.expires_at.map(|at| at.0),
        })
    }

    fn written(&self) -> Result<Written, Fault> {
        if let Some(id) = self.waifu_id {
            return Ok(Written::Waifu(id.into()));
        }
        let there = |id: Option<Uuid>| valid("receipts", id.ok_or(OF_NOTHING));
        let relationship_id = there(self.relationship_id)?.into();
        if let Some(run) = self.run {
            return Ok(Written::Run {
                relationship_id,
                turn_id: there(self.turn_id)?.into(),
                run: count("receipts.run", run)?,
            });
        }
        let numbers = self.after_no.zip(self.last_no).ok_or(OF_NOTHING);
        let (after_no, last_no) = valid("receipts", numbers)?;
        Ok(Written::Act(WrittenAct {
            relationship_id,
            after_no: count("receipts.after_no", after_no)?,
            last_no: count("receipts.last_no", last_no)?,
            turn_id: self.turn_id.map(TurnId::from),
        }))
    }
}

async fn find(
    connection: &mut AsyncPgConnection,
    key: &ReceiptKey,
    now: Timestamp,
) -> Result<Option<Receipt>, Fault> {
    let lives = receipts::expires_at
        .is_null()
        .or(receipts::expires_at.assume_not_null().gt(Moment(now)));
    let row = receipts::table
        .find((key.user_id.as_uuid(), &key.scope, &key.key))
        .filter(lives)
        .select(ReceiptRow::as_select())
        .first(connection)
        .await
        .optional()?;
    row.map(ReceiptRow::read).transpose()
}

/// The user's expired ones make room, so that a second one that lives is one too many.
async fn insert(
    connection: &mut AsyncPgConnection,
    key: &ReceiptKey,
    receipt: Receipt,
) -> Result<Result<(), Taken>, Fault> {
    let row = ReceiptRow::of(key, receipt)?;
    let expired = receipts::table
        .filter(receipts::user_id.eq(row.user_id))
        .filter(receipts::expires_at.le(row.at));
    diesel::delete(expired).execute(connection).await?;
    let inserted = diesel::insert_into(receipts::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(if inserted == 1 { Ok(()) } else { Err(Taken) })
}

/// Servers that forget at once leave each other's rows alone.
const FORGET: &str = "
    delete from receipts where (user_id, scope, key) in
        (select user_id, scope, key from receipts where expires_at < $1 limit $2 for update skip locked)";

async fn forget_expired(
    connection: &mut AsyncPgConnection,
    before: Timestamp,
    limit: u32,
) -> Result<u64, Fault> {
    let forgotten = diesel::sql_query(FORGET)
        .bind::<Timestamptz, _>(Moment(before))
        .bind::<BigInt, _>(i64::from(limit))
        .execute(connection)
        .await?;
    Ok(forgotten as u64)
}

/// In the order of their keys.
pub(super) async fn of_user(
    connection: &mut AsyncPgConnection,
    user: UserId,
    after: Option<ReceiptKey>,
    limit: u32,
) -> Result<Vec<(ReceiptKey, Receipt)>, Fault> {
    let mut page = receipts::table
        .filter(receipts::user_id.eq(user.as_uuid()))
        .order_by((receipts::scope, receipts::key))
        .limit(limit.into())
        .select(ReceiptRow::as_select())
        .into_boxed();
    if let Some(ReceiptKey { scope, key, .. }) = after {
        let is_later = receipts::scope.eq(scope.clone()).and(receipts::key.gt(key));
        page = page.filter(receipts::scope.gt(scope).or(is_later));
    }
    let rows: Vec<ReceiptRow> = page.load(connection).await?;
    let read = |row: ReceiptRow| {
        let key = ReceiptKey {
            user_id: row.user_id.into(),
            scope: row.scope.clone(),
            key: row.key.clone(),
        };
        Ok((key, row.read()?))
    };
    rows.into_iter().map(read).collect()
}

#[async_trait]
impl Receipts for Repository<'_> {
    async fn find(
        &mut self,
        key: &ReceiptKey,
        now: Timestamp,
    ) -> Result<Option<Receipt>, StoreError> {
        Ok(find(self.0, key, now).await?)
    }

    async fn insert(
        &mut self,
        key: &ReceiptKey,
        receipt: Receipt,
    ) -> Result<Result<(), Taken>, StoreError> {
        Ok(insert(self.0, key, receipt).await?)
    }

    async fn forget_expired(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        Ok(forget_expired(self.0, before, limit).await?)
    }
}
