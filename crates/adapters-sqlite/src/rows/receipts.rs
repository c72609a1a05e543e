//! What acts wrote, under the keys with which they were asked for.

use diesel::prelude::*;
use waifu_app::ports::store::{Receipt, ReceiptKey, Taken};
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
    relationship_id: DbUuid,
    after_no: i64,
    last_no: i64,
    turn_id: Option<DbUuid>,
    at: i64,
    expires_at: Option<i64>,
}

impl ReceiptRow {
    fn new(key: &ReceiptKey, receipt: &Receipt) -> Self {
        Self {
            user_id: db(key.user_id),
            scope: key.scope.clone(),
            key: key.key.clone(),
            request: receipt.request.to_vec(),
            relationship_id: db(receipt.relationship_id),
            after_no: receipt.after_no.into(),
            last_no: receipt.last_no.into(),
            turn_id: receipt.turn_id.map(db),
            at: receipt.at.unix_micros(),
            expires_at: micros(receipt.expires_at),
        }
    }

    fn into_receipt(self) -> Result<Receipt, Corrupt> {
        Ok(Receipt {
            request: bytes32("receipts.request", &self.request)?,
            relationship_id: self.relationship_id.id(),
            after_no: checked("receipts.after_no", self.after_no)?,
            last_no: checked("receipts.last_no", self.last_no)?,
            turn_id: self.turn_id.map(DbUuid::id),
            at: Timestamp::from_unix_micros(self.at),
            expires_at: moment(self.expires_at),
        })
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
