//! Sign-ins.

use diesel::prelude::*;
use waifu_app::ports::secrets::TokenHash;
use waifu_app::ports::store::{Session, TokenMatch};
use waifu_domain::timestamp::Timestamp;

use crate::errors::{Corrupt, Fault};
use crate::schema::sessions;
use crate::types::{DbUuid, bytes32, db, micros, moment};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
struct SessionRow {
    id: DbUuid,
    user_id: DbUuid,
    token_hash: Vec<u8>,
    previous_token_hash: Option<Vec<u8>>,
    created_at: i64,
    rotated_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
}

impl SessionRow {
    fn new(session: &Session) -> Self {
        Self {
            id: db(session.id),
            user_id: db(session.user_id),
            token_hash: session.token.0.to_vec(),
            previous_token_hash: session.previous_token.map(|token| token.0.to_vec()),
            created_at: session.created_at.unix_micros(),
            rotated_at: session.rotated_at.unix_micros(),
            expires_at: session.expires_at.unix_micros(),
            revoked_at: micros(session.revoked_at),
        }
    }

    fn into_session(self) -> Result<Session, Corrupt> {
        let previous_token = match self.previous_token_hash {
            Some(token) => Some(TokenHash(bytes32("sessions.previous_token_hash", &token)?)),
            None => None,
        };
        Ok(Session {
            id: self.id.id(),
            user_id: self.user_id.id(),
            token: TokenHash(bytes32("sessions.token_hash", &self.token_hash)?),
            previous_token,
            created_at: Timestamp::from_unix_micros(self.created_at),
            rotated_at: Timestamp::from_unix_micros(self.rotated_at),
            expires_at: Timestamp::from_unix_micros(self.expires_at),
            revoked_at: moment(self.revoked_at),
        })
    }
}

pub(crate) fn insert(c: &mut SqliteConnection, session: &Session) -> Result<(), Fault> {
    diesel::insert_into(sessions::table)
        .values(SessionRow::new(session))
        .execute(c)?;
    Ok(())
}

pub(crate) fn by_token(
    c: &mut SqliteConnection,
    token: TokenHash,
) -> Result<Option<(Session, TokenMatch)>, Fault> {
    let bytes = token.0.as_slice();
    let row = sessions::table
        .filter(sessions::token_hash.eq(bytes))
        .or_filter(sessions::previous_token_hash.eq(bytes))
        .select(SessionRow::as_select())
        .first(c)
        .optional()?;
    let Some(row) = row else { return Ok(None) };
    let session = row.into_session()?;
    let matched = if session.token == token {
        TokenMatch::Current
    } else {
        TokenMatch::Previous
    };
    Ok(Some((session, matched)))
}

pub(crate) fn update(c: &mut SqliteConnection, session: &Session) -> Result<(), Fault> {
    let row = SessionRow::new(session);
    let updated = diesel::update(sessions::table.find(row.id))
        .set((
            sessions::token_hash.eq(row.token_hash),
            sessions::previous_token_hash.eq(row.previous_token_hash),
            sessions::rotated_at.eq(row.rotated_at),
            sessions::expires_at.eq(row.expires_at),
            sessions::revoked_at.eq(row.revoked_at),
        ))
        .execute(c)?;
    if updated == 1 {
        Ok(())
    } else {
        Err(Fault::Misuse("the session to be updated is not stored"))
    }
}
