//! Accounts.

use async_trait::async_trait;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::Date;
use uuid::Uuid;
use waifu_app::ports::language_model::BoxError;
use waifu_app::ports::passwords::PasswordHash;
use waifu_app::ports::store::{NewUser, StoreError, StoredPassword, Taken, Users};
use waifu_domain::ids::UserId;
use waifu_domain::locale::Locale;
use waifu_domain::time_zone::TimeZone;
use waifu_domain::user::{Introduction, Person, Persona, Pronouns, User, Username};

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
    time_zone: Option<String>,
    birthday: Option<Date>,
    suspended_at: Option<Moment>,
    pronouns: Option<String>,
    locale: Option<String>,
    persona: Option<String>,
}

/// What the judge is told of the user, and what she calls him.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(Pg))]
pub(crate) struct PersonRow {
    display_name: String,
    age_group: String,
    time_zone: Option<String>,
    birthday: Option<Date>,
    pronouns: Option<String>,
    persona: Option<String>,
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
            time_zone: Some(user.time_zone.into()),
            birthday: user.birthday,
            suspended_at: user.suspended_at.map(Moment),
            pronouns: user.pronouns.map(Into::into),
            locale: user.locale.map(Into::into),
            persona: user.persona.map(Into::into),
        }
    }

    fn read(self) -> Result<(User, PasswordHash), Fault> {
        let user = User {
            id: self.id.into(),
            username: valid("users.username", self.username.try_into())?,
            display_name: valid("users.display_name", self.display_name.try_into())?,
            role: scale("users.role", &self.role)?,
            age_group: scale("users.age_group", &self.age_group)?,
            time_zone: time_zone(self.time_zone)?,
            birthday: self.birthday,
            pronouns: told("users.pronouns", self.pronouns)?,
            locale: told("users.locale", self.locale)?,
            persona: told("users.persona", self.persona)?,
            created_at: self.created_at.0,
            suspended_at: self.suspended_at.map(|at| at.0),
        };
        Ok((user, PasswordHash(self.password_hash)))
    }
}

impl PersonRow {
    pub(crate) fn read(self) -> Result<(Introduction, Person), Fault> {
        let introduction = Introduction {
            name: valid("users.display_name", self.display_name.try_into())?,
            pronouns: told("users.pronouns", self.pronouns)?,
            persona: told("users.persona", self.persona)?,
        };
        let person = Person {
            age_group: scale("users.age_group", &self.age_group)?,
            time_zone: time_zone(self.time_zone)?,
            birthday: self.birthday,
        };
        Ok((introduction, person))
    }
}

fn told<T>(place: &'static str, text: Option<String>) -> Result<Option<T>, Fault>
where
    T: TryFrom<String>,
    T::Error: Into<BoxError>,
{
    text.map(|text| valid(place, text.try_into())).transpose()
}

fn time_zone(name: Option<String>) -> Result<TimeZone, Fault> {
    match name {
        Some(name) => valid("users.time_zone", name.try_into()),
        None => Ok(TimeZone::utc()),
    }
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

/// `lock`: nobody else changes him until the transaction ends.
async fn by_id(
    connection: &mut AsyncPgConnection,
    id: UserId,
    lock: bool,
) -> Result<Option<User>, Fault> {
    let row = users::table.find(id.as_uuid()).select(UserRow::as_select());
    let row = if lock {
        row.for_no_key_update().first(connection).await
    } else {
        row.first(connection).await
    };
    let found = row.optional()?.map(UserRow::read).transpose()?;
    Ok(found.map(|(user, _)| user))
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

async fn update(connection: &mut AsyncPgConnection, user: &User) -> Result<(), Fault> {
    let updated = diesel::update(users::table.find(user.id.as_uuid()))
        .set((
            users::display_name.eq(user.display_name.as_str()),
            users::role.eq(word(user.role)),
            users::age_group.eq(word(user.age_group)),
            users::time_zone.eq(user.time_zone.as_str()),
            users::birthday.eq(user.birthday),
            users::suspended_at.eq(user.suspended_at.map(Moment)),
            users::pronouns.eq(user.pronouns.as_ref().map(Pronouns::as_str)),
            users::locale.eq(user.locale.as_ref().map(Locale::as_str)),
            users::persona.eq(user.persona.as_ref().map(Persona::as_str)),
        ))
        .execute(connection)
        .await?;
    if updated == 1 {
        Ok(())
    } else {
        Err(Fault::Missing("users"))
    }
}

async fn page(
    connection: &mut AsyncPgConnection,
    after: Option<UserId>,
    limit: u32,
) -> Result<Vec<User>, Fault> {
    let rows: Vec<UserRow> = users::table
        .filter(users::id.gt(after.map_or(Uuid::nil(), Uuid::from)))
        .order_by(users::id)
        .limit(limit.into())
        .select(UserRow::as_select())
        .load(connection)
        .await?;
    let user = |row: UserRow| Ok(row.read()?.0);
    rows.into_iter().map(user).collect()
}

async fn password(
    connection: &mut AsyncPgConnection,
    id: UserId,
) -> Result<Option<StoredPassword>, Fault> {
    let row: Option<(String, Option<Moment>)> = users::table
        .find(id.as_uuid())
        .select((users::password_hash, users::password_until))
        .first(connection)
        .await
        .optional()?;
    Ok(row.map(|(hash, until)| StoredPassword {
        hash: PasswordHash(hash),
        until: until.map(|until| until.0),
    }))
}

async fn set_password(
    connection: &mut AsyncPgConnection,
    id: UserId,
    password: StoredPassword,
) -> Result<(), Fault> {
    let updated = diesel::update(users::table.find(id.as_uuid()))
        .set((
            users::password_hash.eq(password.hash.0),
            users::password_until.eq(password.until.map(Moment)),
        ))
        .execute(connection)
        .await?;
    if updated == 1 {
        Ok(())
    } else {
        Err(Fault::Missing("users"))
    }
}

#[async_trait]
impl Users for Repository<'_> {
    async fn insert(&mut self, user: NewUser) -> Result<Result<(), Taken>, StoreError> {
        Ok(insert(self.0, user).await?)
    }

    async fn by_id(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(by_id(self.0, id, false).await?)
    }

    async fn lock(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(by_id(self.0, id, true).await?)
    }

    async fn by_username(
        &mut self,
        name: &Username,
    ) -> Result<Option<(User, PasswordHash)>, StoreError> {
        Ok(by_username(self.0, name).await?)
    }

    async fn update(&mut self, user: &User) -> Result<(), StoreError> {
        Ok(update(self.0, user).await?)
    }

    async fn page(&mut self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, StoreError> {
        Ok(page(self.0, after, limit).await?)
    }

    async fn password(&mut self, id: UserId) -> Result<Option<StoredPassword>, StoreError> {
        Ok(password(self.0, id).await?)
    }

    async fn set_password(
        &mut self,
        id: UserId,
        password: StoredPassword,
    ) -> Result<(), StoreError> {
        Ok(set_password(self.0, id, password).await?)
    }
}
