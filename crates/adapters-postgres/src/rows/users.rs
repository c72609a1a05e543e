//! Accounts.

use async_trait::async_trait;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use waifu_app::ports::passwords::PasswordHash;
use waifu_app::ports::store::{NewUser, StoreError, Taken, Users};
use waifu_domain::ids::UserId;
use waifu_domain::user::{Person, User, Username};

use crate::columns::{Moment, scale, valid, word};
use crate::errors::Fault;
use crate::schema::users;
use crate::unit_of_work::Repository;

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = users, check_for_backend(Pg))]
pub(crate) struct UserRow {
    id: Uuid,
    username: String,
    display_name: String,
    password_hash: String,
    role: String,
    age_group: String,
    created_at: Moment,
}

impl UserRow {
    fn of(
        NewUser {
            user,
            password_hash,
        }: NewUser,
    ) -> Self {
        Self {
            id: user.id.into(),
            username: user.username.into(),
            display_name: user.display_name.into(),
            password_hash: password_hash.0,
            role: word(user.role),
            age_group: word(user.age_group),
            created_at: Moment(user.created_at),
        }
    }

    fn read(self) -> Result<(User, PasswordHash), Fault> {
        let user = User {
            id: self.id.into(),
            username: valid("users.username", self.username.try_into())?,
            display_name: valid("users.display_name", self.display_name.try_into())?,
            role: scale("users.role", &self.role)?,
            age_group: scale("users.age_group", &self.age_group)?,
            created_at: self.created_at.0,
        };
        Ok((user, PasswordHash(self.password_hash)))
    }
}

/// What the judge is told of the user.
pub(crate) fn person(age_group: &str) -> Result<Person, Fault> {
    let age_group = scale("users.age_group", age_group)?;
    Ok(Person { age_group })
}

async fn insert(
    connection: &mut AsyncPgConnection,
    user: NewUser,
) -> Result<Result<(), Taken>, Fault> {
    let inserted = diesel::insert_into(users::table)
        .values(UserRow::of(user))
        .on_conflict(users::username)
        .do_nothing()
        .execute(connection)
        .await?;
    Ok(if inserted == 1 { Ok(()) } else { Err(Taken) })
}

async fn by_id(
    connection: &mut AsyncPgConnection,
    id: UserId,
) -> Result<Option<(User, PasswordHash)>, Fault> {
    let row = users::table
        .find(id.as_uuid())
        .select(UserRow::as_select())
        .first(connection)
        .await
        .optional()?;
    row.map(UserRow::read).transpose()
}

async fn by_username(
    connection: &mut AsyncPgConnection,
    name: &Username,
) -> Result<Option<(User, PasswordHash)>, Fault> {
    let row = users::table
        .filter(users::username.eq(name.as_str()))
        .select(UserRow::as_select())
        .first(connection)
        .await
        .optional()?;
    row.map(UserRow::read).transpose()
}

#[async_trait]
impl Users for Repository<'_> {
    async fn insert(&mut self, user: NewUser) -> Result<Result<(), Taken>, StoreError> {
        Ok(insert(self.0, user).await?)
    }

    async fn by_id(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        let found = by_id(self.0, id).await?;
        Ok(found.map(|(user, _)| user))
    }

    async fn by_username(
        &mut self,
        name: &Username,
    ) -> Result<Option<(User, PasswordHash)>, StoreError> {
        Ok(by_username(self.0, name).await?)
    }
}
