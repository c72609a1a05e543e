//! Keys of programs.

use diesel::prelude::*;
use waifu_app::ports::secrets::TokenHash;
use waifu_app::ports::store::{ApiKey, Standing};
use waifu_domain::ids::{ApiKeyId, UserId};
use waifu_domain::timestamp::Timestamp;

use crate::errors::{Corrupt, Fault};
use crate::schema::{api_keys, users};
use crate::types::{DbUuid, bytes32, checked, db, moment};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_keys)]
struct ApiKeyRow {
    id: DbUuid,
    user_id: DbUuid,
    name: String,
    secret_hash: Vec<u8>,
    scopes: String,
    created_at: i64,
}

impl ApiKeyRow {
    fn new(key: &ApiKey) -> Self {
        Self {
            id: db(key.id),
            user_id: db(key.user_id),
            name: key.name.as_str().to_owned(),
            secret_hash: key.secret.0.to_vec(),
            scopes: key.scopes.to_string(),
            created_at: key.created_at.unix_micros(),
        }
    }

    fn into_key(self) -> Result<ApiKey, Corrupt> {
        let scopes = self.scopes.parse();
        Ok(ApiKey {
            id: self.id.id(),
            user_id: self.user_id.id(),
            name: checked("api_keys.name", self.name)?,
            secret: TokenHash(bytes32("api_keys.secret_hash", &self.secret_hash)?),
            scopes: scopes.map_err(|error| Corrupt::new("api_keys.scopes", error))?,
            created_at: Timestamp::from_unix_micros(self.created_at),
        })
    }
}

pub(crate) fn insert(c: &mut SqliteConnection, key: &ApiKey) -> Result<(), Fault> {
    diesel::insert_into(api_keys::table)
        .values(ApiKeyRow::new(key))
        .execute(c)?;
    Ok(())
}

pub(crate) fn page(
    c: &mut SqliteConnection,
    user: UserId,
    before: Option<ApiKeyId>,
    limit: u32,
) -> Result<Vec<ApiKey>, Fault> {
    let mut keys = api_keys::table
        .filter(api_keys::user_id.eq(db(user)))
        .select(ApiKeyRow::as_select())
        .order(api_keys::id.desc())
        .limit(limit.into())
        .into_boxed();
    if let Some(before) = before {
        keys = keys.filter(api_keys::id.lt(db(before)));
    }
    let rows: Vec<ApiKeyRow> = keys.load(c)?;
    let keys = rows.into_iter().map(ApiKeyRow::into_key);
    Ok(keys.collect::<Result<_, _>>()?)
}

pub(crate) fn delete(c: &mut SqliteConnection, user: UserId, id: ApiKeyId) -> Result<bool, Fault> {
    let his = api_keys::table
        .find(db(id))
        .filter(api_keys::user_id.eq(db(user)));
    Ok(diesel::delete(his).execute(c)? == 1)
}

pub(crate) fn find(
    c: &mut SqliteConnection,
    id: ApiKeyId,
) -> Result<Option<(ApiKey, Standing)>, Fault> {
    let row: Option<(ApiKeyRow, Option<i64>)> = api_keys::table
        .find(db(id))
        .inner_join(users::table.on(users::id.eq(api_keys::user_id)))
        .select((ApiKeyRow::as_select(), users::suspended_at))
        .first(c)
        .optional()?;
    row.map(|(key, suspended)| Ok((key.into_key()?, Standing::new(None, moment(suspended)))))
        .transpose()
}

pub(crate) fn standings(
    c: &mut SqliteConnection,
    ids: &[ApiKeyId],
) -> Result<Vec<(ApiKeyId, Standing)>, Fault> {
    let ids = ids.iter().map(|id| db(*id));
    let rows: Vec<(DbUuid, Option<i64>)> = api_keys::table
        .inner_join(users::table.on(users::id.eq(api_keys::user_id)))
        .filter(api_keys::id.eq_any(ids))
        .select((api_keys::id, users::suspended_at))
        .load(c)?;
    let read = |(id, suspended): (DbUuid, _)| (id.id(), Standing::new(None, moment(suspended)));
    Ok(rows.into_iter().map(read).collect())
}
