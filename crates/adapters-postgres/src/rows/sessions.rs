//! Sign-ins.

use async_trait::async_trait;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use waifu_app::ports::secrets::TokenHash;
use waifu_app::ports::store::{Session, Sessions, Standing, StoreError, Whose};
use waifu_domain::ids::{SessionId, UserId};
use waifu_domain::timestamp::Timestamp;

use crate::columns::{Moment, hash};
use crate::errors::Fault;
use crate::schema::{sessions, users};
use crate::unit_of_work::Repository;

/// Servers that forget at once leave each other's rows alone.
const FORGET: &str = "
    delete from sessions where id in
        (select id from sessions where expires_at < $1 limit $2 for update skip locked)";

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, check_for_backend(Pg))]
struct SessionRow {
    id: Uuid,
    user_id: Uuid,
    token_hash: Vec<u8>,
    previous_token_hash: Option<Vec<u8>>,
    created_at: Moment,
    rotated_at: Moment,
    expires_at: Moment,
    revoked_at: Option<Moment>,
    family_hash: Option<Vec<u8>>,
}

impl SessionRow {
    fn of(session: &Session) -> Self {
        Self {
            id: session.id.into(),
            user_id: session.user_id.into(),
            token_hash: session.token.0.to_vec(),
            previous_token_hash: session.previous_token.map(|token| token.0.to_vec()),
            created_at: Moment(session.created_at),
            rotated_at: Moment(session.rotated_at),
            expires_at: Moment(session.expires_at),
            revoked_at: session.revoked_at.map(Moment),
            family_hash: session.family.map(|family| family.0.to_vec()),
        }
    }

    fn read(self) -> Result<Session, Fault> {
        let previous = self.previous_token_hash.as_deref();
        let previous = previous.map(|bytes| hash("sessions.previous_token_hash", bytes));
        let family = self.family_hash.as_deref();
        let family = family.map(|bytes| hash("sessions.family_hash", bytes));
        Ok(Session {
            id: self.id.into(),
            user_id: self.user_id.into(),
            token: TokenHash(hash("sessions.token_hash", &self.token_hash)?),
            previous_token: previous.transpose()?.map(TokenHash),
            created_at: self.created_at.0,
            rotated_at: self.rotated_at.0,
            expires_at: self.expires_at.0,
            revoked_at: self.revoked_at.map(|at| at.0),
            family: family.transpose()?.map(TokenHash),
        })
    }
}

async fn insert(connection: &mut AsyncPgConnection, session: &Session) -> Result<(), Fault> {
    diesel::insert_into(sessions::table)
        .values(SessionRow::of(session))
        .execute(connection)
        .await?;
    Ok(())
}

async fn lock_by_token(
    connection: &mut AsyncPgConnection,
    token: TokenHash,
    family: Option<TokenHash>,
) -> Result<Option<Session>, Fault> {
    let sought = token.0.as_slice();
    let family = family.map(|family| family.0.to_vec());
    // Whoever waits for the lock sees the tokens as the holder has left them.
    let row = sessions::table
        .filter(sessions::token_hash.eq(sought))
        .or_filter(sessions::previous_token_hash.eq(sought))
        .or_filter(sessions::family_hash.eq(family))
        .select(SessionRow::as_select())
        .for_no_key_update()
        .first(connection)
        .await
        .optional()?;
    row.map(SessionRow::read).transpose()
}

async fn update(connection: &mut AsyncPgConnection, session: &Session) -> Result<(), Fault> {
    let row = SessionRow::of(session);
    let updated = diesel::update(sessions::table.find(row.id))
        .set((
            sessions::token_hash.eq(row.token_hash),
            sessions::previous_token_hash.eq(row.previous_token_hash),
            sessions::rotated_at.eq(row.rotated_at),
            sessions::expires_at.eq(row.expires_at),
            sessions::revoked_at.eq(row.revoked_at),
            sessions::family_hash.eq(row.family_hash),
        ))
        .execute(connection)
        .await?;
    if updated == 1 {
        Ok(())
    } else {
        Err(Fault::Missing("sessions"))
    }
}

async fn revoke(
    connection: &mut AsyncPgConnection,
    whose: Whose,
    at: Timestamp,
) -> Result<u64, Fault> {
    let user = match whose {
        Whose::All(user) | Whose::AllBut(user, _) | Whose::One(user, _) => user,
    };
    let mut standing = sessions::table
        .filter(sessions::user_id.eq(user.as_uuid()))
        .filter(sessions::revoked_at.is_null())
        .into_boxed();
    standing = match whose {
        Whose::All(_) => standing,
        Whose::AllBut(_, id) => standing.filter(sessions::id.ne(id.as_uuid())),
        Whose::One(_, id) => standing.filter(sessions::id.eq(id.as_uuid())),
    };
    let revoked = diesel::update(sessions::table)
        .filter(sessions::id.eq_any(standing.select(sessions::id)))
        .set(sessions::revoked_at.eq(Moment(at)))
        .execute(connection)
        .await?;
    Ok(revoked as u64)
}

async fn standings(
    connection: &mut AsyncPgConnection,
    ids: &[SessionId],
) -> Result<Vec<(SessionId, Standing)>, Fault> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let rows: Vec<(Uuid, Option<Moment>, Option<Moment>)> = sessions::table
        .inner_join(users::table)
        .filter(sessions::id.eq_any(ids))
        .select((sessions::id, sessions::revoked_at, users::suspended_at))
        .load(connection)
        .await?;
    let read = |(id, revoked, suspended): (Uuid, Option<Moment>, Option<Moment>)| {
        let standing = Standing::new(revoked.map(|at| at.0), suspended.map(|at| at.0));
        (id.into(), standing)
    };
    Ok(rows.into_iter().map(read).collect())
}

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

pub(super) async fn of_user(
    connection: &mut AsyncPgConnection,
    user: UserId,
    after: Option<SessionId>,
    limit: u32,
) -> Result<Vec<Session>, Fault> {
    // No id is the first of ids.
    let after = after.map_or(Uuid::nil(), Uuid::from);
    let rows: Vec<SessionRow> = sessions::table
        .filter(sessions::user_id.eq(user.as_uuid()))
        .filter(sessions::id.gt(after))
        .order_by(sessions::id)
        .limit(limit.into())
        .select(SessionRow::as_select())
        .load(connection)
        .await?;
    rows.into_iter().map(SessionRow::read).collect()
}

#[async_trait]
impl Sessions for Repository<'_> {
    async fn insert(&mut self, session: Session) -> Result<(), StoreError> {
        Ok(insert(self.0, &session).await?)
    }

    async fn lock_by_token(
        &mut self,
        token: TokenHash,
        family: Option<TokenHash>,
    ) -> Result<Option<Session>, StoreError> {
        Ok(lock_by_token(self.0, token, family).await?)
    }

    async fn revoke(&mut self, whose: Whose, at: Timestamp) -> Result<u64, StoreError> {
        Ok(revoke(self.0, whose, at).await?)
    }

    async fn standings(
        &mut self,
        sessions: &[SessionId],
    ) -> Result<Vec<(SessionId, Standing)>, StoreError> {
        Ok(standings(self.0, sessions).await?)
    }

    async fn forget_expired(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        Ok(forget_expired(self.0, before, limit).await?)
    }

    async fn update(&mut self, session: &Session) -> Result<(), StoreError> {
        Ok(update(self.0, session).await?)
    }
}
