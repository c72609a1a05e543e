//! Keys of programs.

use async_trait::async_trait;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use waifu_app::ports::secrets::TokenHash;
use waifu_app::ports::store::{ApiKey, ApiKeys, Standing, StoreError};
use waifu_domain::ids::{ApiKeyId, UserId};

use crate::columns::{Moment, hash, valid};
use crate::errors::Fault;
use crate::schema::{api_keys, users};
use crate::unit_of_work::Repository;

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_keys, check_for_backend(Pg))]
struct ApiKeyRow {
    id: Uuid,
    user_id: Uuid,
    name: String,
    secret_hash: Vec<u8>,
    scopes: String,
    created_at: Moment,
}

impl ApiKeyRow {
    fn of(key: &ApiKey) -> Self {
        Self {
            id: key.id.into(),
            user_id: key.user_id.into(),
            name: key.name.as_str().to_owned(),
            secret_hash: key.secret.0.to_vec(),
            scopes: key.scopes.to_string(),
            created_at: Moment(key.created_at),
        }
    }

    fn read(self) -> Result<ApiKey, Fault> {
        Ok(ApiKey {
            id: self.id.into(),
            user_id: self.user_id.into(),
            name: valid("api_keys.name", self.name.try_into())?,
            secret: TokenHash(hash("api_keys.secret_hash", &self.secret_hash)?),
            scopes: valid("api_keys.scopes", self.scopes.parse())?,
            created_at: self.created_at.0,
        })
    }
}

async fn insert(connection: &mut AsyncPgConnection, key: &ApiKey) -> Result<(), Fault> {
    diesel::insert_into(api_keys::table)
        .values(ApiKeyRow::of(key))
        .execute(connection)
        .await?;
    Ok(())
}

async fn page(
    connection: &mut AsyncPgConnection,
    user: UserId,
    before: Option<ApiKeyId>,
    limit: u32,
) -> Result<Vec<ApiKey>, Fault> {
    let mut keys = api_keys::table
        .filter(api_keys::user_id.eq(user.as_uuid()))
        .select(ApiKeyRow::as_select())
        .order(api_keys::id.desc())
        .limit(limit.into())
        .into_boxed();
    if let Some(before) = before {
        keys = keys.filter(api_keys::id.lt(before.as_uuid()));
    }
    let rows: Vec<ApiKeyRow> = keys.load(connection).await?;
    rows.into_iter().map(ApiKeyRow::read).collect()
}

async fn delete(
    connection: &mut AsyncPgConnection,
    user: UserId,
    id: ApiKeyId,
) -> Result<bool, Fault> {
    let his = api_keys::table
        .find(id.as_uuid())
        .filter(api_keys::user_id.eq(user.as_uuid()));
    Ok(diesel::delete(his).execute(connection).await? == 1)
}

async fn find(
    connection: &mut AsyncPgConnection,
    id: ApiKeyId,
) -> Result<Option<(ApiKey, Standing)>, Fault> {
    let row: Option<(ApiKeyRow, Option<Moment>)> = api_keys::table
        .find(id.as_uuid())
        .inner_join(users::table)
        .select((ApiKeyRow::as_select(), users::suspended_at))
        .first(connection)
        .await
        .optional()?;
    row.map(|(key, suspended)| Ok((key.read()?, standing(suspended))))
        .transpose()
}

async fn standings(
    connection: &mut AsyncPgConnection,
    ids: &[ApiKeyId],
) -> Result<Vec<(ApiKeyId, Standing)>, Fault> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let rows: Vec<(Uuid, Option<Moment>)> = api_keys::table
        .inner_join(users::table)
        .filter(api_keys::id.eq_any(ids))
        .select((api_keys::id, users::suspended_at))
        .load(connection)
        .await?;
    let read = |(id, suspended): (Uuid, _)| (id.into(), standing(suspended));
    Ok(rows.into_iter().map(read).collect())
}

fn standing(suspended: Option<Moment>) -> Standing {
    Standing::new(None, suspended.map(|at| at.0))
}

#[async_trait]
impl ApiKeys for Repository<'_> {
    async fn insert(&mut self, key: &ApiKey) -> Result<(), StoreError> {
        Ok(insert(self.0, key).await?)
    }

    async fn page(
        &mut self,
        user: UserId,
        before: Option<ApiKeyId>,
        limit: u32,
    ) -> Result<Vec<ApiKey>, StoreError> {
        Ok(page(self.0, user, before, limit).await?)
    }

    async fn delete(&mut self, user: UserId, id: ApiKeyId) -> Result<bool, StoreError> {
        Ok(delete(self.0, user, id).await?)
    }

    async fn find(&mut self, id: ApiKeyId) -> Result<Option<(ApiKey, Standing)>, StoreError> {
        Ok(find(self.0, id).await?)
    }

    async fn standings(
        &mut self,
        keys: &[ApiKeyId],
    ) -> Result<Vec<(ApiKeyId, Standing)>, StoreError> {
        Ok(standings(self.0, keys).await?)
    }
}
