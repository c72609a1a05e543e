//! Accounts.

use diesel::prelude::*;
use waifu_app::ports::passwords::PasswordHash;
use waifu_app::ports::store::{NewUser, Taken};
use waifu_domain::ids::UserId;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::user::{User, Username};

use crate::errors::{Corrupt, Fault};
use crate::schema::users;
use crate::types::{DbUuid, checked, db, name_of, named};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = users)]
struct UserRow {
    id: DbUuid,
    username: String,
    display_name: String,
    password_hash: String,
    role: String,
    age_group: String,
    created_at: i64,
}

impl UserRow {
    fn new(new: &NewUser) -> Self {
        let user = &new.user;
        Self {
            id: db(user.id),
            username: user.username.as_str().to_owned(),
            display_name: user.display_name.as_str().to_owned(),
            password_hash: new.password_hash.0.clone(),
            role: name_of(user.role),
            age_group: name_of(user.age_group),
            created_at: user.created_at.unix_micros(),
        }
    }

    fn into_user(self) -> Result<(User, PasswordHash), Corrupt> {
        let user = User {
            id: self.id.id(),
            username: checked("users.username", self.username)?,
            display_name: checked("users.display_name", self.display_name)?,
            role: named("users.role", &self.role)?,
            age_group: named("users.age_group", &self.age_group)?,
            created_at: Timestamp::from_unix_micros(self.created_at),
        };
        Ok((user, PasswordHash(self.password_hash)))
    }
}

pub(crate) fn insert(c: &mut SqliteConnection, user: &NewUser) -> Result<Result<(), Taken>, Fault> {
    let inserted = diesel::insert_into(users::table)
        .values(UserRow::new(user))
        .on_conflict(users::username)
        .do_nothing()
        .execute(c)?;
    Ok(if inserted == 1 { Ok(()) } else { Err(Taken) })
}

pub(crate) fn by_id(c: &mut SqliteConnection, id: UserId) -> Result<Option<User>, Fault> {
    let row = users::table
        .find(db(id))
        .select(UserRow::as_select())
        .first(c)
        .optional()?;
    Ok(row
        .map(UserRow::into_user)
        .transpose()?
        .map(|(user, _)| user))
}

pub(crate) fn by_username(
    c: &mut SqliteConnection,
    name: &Username,
) -> Result<Option<(User, PasswordHash)>, Fault> {
    let row = users::table
        .filter(users::username.eq(name.as_str()))
        .select(UserRow::as_select())
        .first(c)
        .optional()?;
    Ok(row.map(UserRow::into_user).transpose()?)
}
