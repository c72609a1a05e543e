//! Sign-ins.

use async_trait::async_trait;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use waifu_app::ports::secrets::TokenHash;
use waifu_app::ports::store::{Session, Sessions, StoreError, TokenMatch};

use crate::columns::{Moment, hash};
use crate::errors::Fault;
use crate::schema::sessions;
use crate::unit_of_work::Repository;

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
        }
    }

    fn read(self) -> Result<Session, Fault> {
        let previous = self.previous_token_hash.as_deref();
        let previous = previous.map(|bytes| hash("sessions.previous_token_hash", bytes));
        Ok(Session {
            id: self.id.into(),
            user_id: self.user_id.into(),
            token: TokenHash(hash("sessions.token_hash", &self.token_hash)?),
            previous_token: previous.transpose()?.map(TokenHash),
            created_at: self.created_at.0,
            rotated_at: self.rotated_at.0,
            expires_at: self.expires_at.0,
            revoked_at: self.revoked_at.map(|at| at.0),
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
) -> Result<Option<(Session, TokenMatch)>, Fault> {
    let sought = token.0.as_slice();
    // Whoever waits for the lock sees the tokens as the holder has left them.
    let row = sessions::table
        .filter(sessions::token_hash.eq(sought))
        .or_filter(sessions::previous_token_hash.eq(sought))
        .select(SessionRow::as_select())
        .for_no_key_update()
        .first(connection)
        .await
        .optional()?;
    let session = row.map(SessionRow::read).transpose()?;
    Ok(session.map(|session| {
        let which = if session.token == token {
            TokenMatch::Current
        } else {
            TokenMatch::Previous
        };
        (session, which)
    }))
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
        ))
        .execute(connection)
        .await?;
    if updated == 1 {
        Ok(())
    } else {
        Err(Fault::Missing("sessions"))
    }
}

#[async_trait]
impl Sessions for Repository<'_> {
    async fn insert(&mut self, session: Session) -> Result<(), StoreError> {
        Ok(insert(self.0, &session).await?)
    }

    async fn lock_by_token(
        &mut self,
        token: TokenHash,
    ) -> Result<Option<(Session, TokenMatch)>, StoreError> {
        Ok(lock_by_token(self.0, token).await?)
    }

    async fn update(&mut self, session: &Session) -> Result<(), StoreError> {
        Ok(update(self.0, session).await?)
    }
}
