//! Sign-ins.

use diesel::prelude::*;
use waifu_app::ports::secrets::TokenHash;
use waifu_app::ports::store::{Session, Standing, Whose};
use waifu_domain::ids::{SessionId, UserId};
use waifu_domain::timestamp::Timestamp;

use crate::errors::{Corrupt, Fault};
use crate::schema::{sessions, users};
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
    family_hash: Option<Vec<u8>>,
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
            family_hash: session.family.map(|family| family.0.to_vec()),
        }
    }

    fn into_session(self) -> Result<Session, Corrupt> {
        let previous_token = match self.previous_token_hash {
            Some(token) => Some(TokenHash(bytes32("sessions.previous_token_hash", &token)?)),
            None => None,
        };
        let family = match self.family_hash {
            Some(family) => Some(TokenHash(bytes32("sessions.family_hash", &family)?)),
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
            family,
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
    family: Option<TokenHash>,
) -> Result<Option<Session>, Fault> {
    let bytes = token.0.as_slice();
    let family = family.map(|family| family.0.to_vec());
    let row = sessions::table
        .filter(sessions::token_hash.eq(bytes))
        .or_filter(sessions::previous_token_hash.eq(bytes))
        .or_filter(sessions::family_hash.eq(family))
        .select(SessionRow::as_select())
        .first(c)
        .optional()?;
    Ok(row.map(SessionRow::into_session).transpose()?)
}

pub(crate) fn revoke(c: &mut SqliteConnection, whose: Whose, at: Timestamp) -> Result<u64, Fault> {
    let user = match whose {
        Whose::All(user) | Whose::AllBut(user, _) | Whose::One(user, _) => user,
    };
    let mut standing = sessions::table
        .filter(sessions::user_id.eq(db(user)))
        .filter(sessions::revoked_at.is_null())
        .into_boxed();
    standing = match whose {
        Whose::All(_) => standing,
        Whose::AllBut(_, id) => standing.filter(sessions::id.ne(db(id))),
        Whose::One(_, id) => standing.filter(sessions::id.eq(db(id))),
    };
    let revoked = diesel::update(sessions::table)
        .filter(sessions::id.eq_any(standing.select(sessions::id)))
        .set(sessions::revoked_at.eq(at.unix_micros()))
        .execute(c)?;
    Ok(revoked as u64)
}

pub(crate) fn standings(
    c: &mut SqliteConnection,
    ids: &[SessionId],
) -> Result<Vec<(SessionId, Standing)>, Fault> {
    let ids = ids.iter().map(|id| db(*id));
    let rows: Vec<(DbUuid, Option<i64>, Option<i64>)> = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::id.eq_any(ids))
        .select((sessions::id, sessions::revoked_at, users::suspended_at))
        .load(c)?;
    let read = |(id, revoked, suspended): (DbUuid, Option<i64>, Option<i64>)| {
        let standing = Standing::new(moment(revoked), moment(suspended));
        (id.id(), standing)
    };
    Ok(rows.into_iter().map(read).collect())
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
            sessions::family_hash.eq(row.family_hash),
        ))
        .execute(c)?;
    if updated == 1 {
        Ok(())
    } else {
        Err(Fault::Misuse("the session to be updated is not stored"))
    }
}

pub(crate) fn forget_expired(
    c: &mut SqliteConnection,
    before: Timestamp,
    limit: u32,
) -> Result<u64, Fault> {
    let expired = sessions::table
        .filter(sessions::expires_at.lt(before.unix_micros()))
        .limit(limit.into())
        .select(sessions::id);
    let ids: Vec<DbUuid> = expired.load(c)?;
    let forgotten = diesel::delete(sessions::table.filter(sessions::id.eq_any(ids))).execute(c)?;
    Ok(forgotten as u64)
}

pub(crate) fn of_user(
    c: &mut SqliteConnection,
    user: UserId,
    after: Option<SessionId>,
    limit: u32,
) -> Result<Vec<Session>, Fault> {
    let mut page = sessions::table
        .filter(sessions::user_id.eq(db(user)))
        .order(sessions::id)
        .limit(limit.into())
        .select(SessionRow::as_select())
        .into_boxed();
    if let Some(after) = after {
        page = page.filter(sessions::id.gt(db(after)));
    }
    let rows = page.load(c)?.into_iter();
    Ok(rows
        .map(SessionRow::into_session)
        .collect::<Result<_, _>>()?)
}
