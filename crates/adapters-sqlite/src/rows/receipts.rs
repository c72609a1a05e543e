//! What requests wrote, under the keys with which they were made.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use waifu_app::ports::store::{Receipt, ReceiptKey, Taken, Written, WrittenAct};
use waifu_domain::ids::UserId;
use waifu_domain::timestamp::Timestamp;

use crate::errors::{Corrupt, Fault};
use crate::schema::receipts;
use crate::types::{DbUuid, bytes32, checked, db, micros, moment};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = receipts, treat_none_as_default_value = false)]
struct ReceiptRow {
    user_id: DbUuid,
    scope: String,
    key: String,
    request: Vec<u8>,
    relationship_id: Option<DbUuid>,
    after_no: Option<i64>,
    last_no: Option<i64>,
    turn_id: Option<DbUuid>,
    at: i64,
    expires_at: Option<i64>,
    run: Option<i64>,
    waifu_id: Option<DbUuid>,
}

impl ReceiptRow {
    fn new(key: &ReceiptKey, receipt: &Receipt) -> Self {
        let row = Self {
            user_id: db(key.user_id),
            scope: key.scope.clone(),
            key: key.key.clone(),
            request: receipt.request.to_vec(),
            relationship_id: None,
            after_no: None,
            last_no: None,
            turn_id: None,
            at: receipt.at.unix_micros(),
            expires_at: micros(receipt.expires_at),
            run: None,
            waifu_id: None,
        };
        match receipt.of {
            Written::Act(act) => Self {
                relationship_id: Some(db(act.relationship_id)),
                after_no: Some(act.after_no.into()),
                last_no: Some(act.last_no.into()),
                turn_id: act.turn_id.map(db),
                ..row
            },
            Written::Run {
                relationship_id,
                turn_id,
                run,
            } => Self {
                relationship_id: Some(db(relationship_id)),
                turn_id: Some(db(turn_id)),
                run: Some(run.into()),
                ..row
            },
            Written::Waifu(id) => Self {
                waifu_id: Some(db(id)),
                ..row
            },
        }
    }

    fn into_receipt(self) -> Result<Receipt, Corrupt> {
        Ok(Receipt {
            request: bytes32("receipts.request", &self.request)?,
            of: self.written()?,
            at: Timestamp::from_unix_micros(self.at),
            expires_at: moment(self.expires_at),
        })
    }

    fn written(&self) -> Result<Written, Corrupt> {
        if let Some(id) = self.waifu_id {
            return Ok(Written::Waifu(id.id()));
        }
        let nothing = || Corrupt::new("receipts", "one is of nothing");
        let relationship_id = self.relationship_id.ok_or_else(nothing)?.id();
        if let Some(run) = self.run {
            return Ok(Written::Run {
                relationship_id,
                turn_id: self.turn_id.ok_or_else(nothing)?.id(),
                run: checked("receipts.run", run)?,
            });
        }
        let (after_no, last_no) = self.after_no.zip(self.last_no).ok_or_else(nothing)?;
        Ok(Written::Act(WrittenAct {
            relationship_id,
            after_no: checked("receipts.after_no", after_no)?,
            last_no: checked("receipts.last_no", last_no)?,
            turn_id: self.turn_id.map(DbUuid::id),
        }))
    }
}

pub(crate) fn find(
    c: &mut SqliteConnection,
    key: &ReceiptKey,
    now: Timestamp,
) -> Result<Option<Receipt>, Fault> {
    let lives = receipts::expires_at
        .is_null()
        .or(receipts::expires_at.assume_not_null().gt(now.unix_micros()));
    let row = receipts::table
        .find((db(key.user_id), &key.scope, &key.key))
        .filter(lives)
        .select(ReceiptRow::as_select())
        .first(c)
        .optional()?;
    Ok(row.map(ReceiptRow::into_receipt).transpose()?)
}

/// The user's expired ones make room, so that a second one that lives is one too many.
pub(crate) fn insert(
    c: &mut SqliteConnection,
    key: &ReceiptKey,
    receipt: &Receipt,
) -> Result<Result<(), Taken>, Fault> {
    let row = ReceiptRow::new(key, receipt);
    let expired = receipts::table
        .filter(receipts::user_id.eq(row.user_id))
        .filter(receipts::expires_at.le(row.at));
    diesel::delete(expired).execute(c)?;
    let inserted = diesel::insert_into(receipts::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c)?;
    Ok(if inserted == 1 { Ok(()) } else { Err(Taken) })
}

const FORGET: &str = "
    delete from receipts where (user_id, scope, key) in
        (select user_id, scope, key from receipts where expires_at < ?1 limit ?2)";

pub(crate) fn forget_expired(
    c: &mut SqliteConnection,
    before: Timestamp,
    limit: u32,
) -> Result<u64, Fault> {
    let forgotten = diesel::sql_query(FORGET)
        .bind::<BigInt, _>(before.unix_micros())
        .bind::<BigInt, _>(i64::from(limit))
        .execute(c)?;
    Ok(forgotten as u64)
}

/// In the order of their keys.
pub(crate) fn of_user(
    c: &mut SqliteConnection,
    user: UserId,
    after: Option<ReceiptKey>,
    limit: u32,
) -> Result<Vec<(ReceiptKey, Receipt)>, Fault> {
    let mut page = receipts::table
        .filter(receipts::user_id.eq(db(user)))
        .order((receipts::scope, receipts::key))
        .limit(limit.into())
        .select(ReceiptRow::as_select())
        .into_boxed();
    if let Some(ReceiptKey { scope, key, .. }) = after {
        let is_later = receipts::scope.eq(scope.clone()).and(receipts::key.gt(key));
        page = page.filter(receipts::scope.gt(scope).or(is_later));
    }
    let read = |row: ReceiptRow| {
        let key = ReceiptKey {
            user_id: row.user_id.id(),
            scope: row.scope.clone(),
            key: row.key.clone(),
        };
        Ok((key, row.into_receipt()?))
    };
    page.load(c)?.into_iter().map(read).collect()
}
