//! Accounts.

use diesel::prelude::*;
use time::Date;
use time::macros::format_description;
use uuid::Uuid;
use waifu_app::ports::passwords::PasswordHash;
use waifu_app::ports::store::{NewUser, StoredPassword, Taken};
use waifu_domain::ids::UserId;
use waifu_domain::locale::Locale;
use waifu_domain::time_zone::TimeZone;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::user::{Persona, Pronouns, User, Username};

use crate::errors::{Corrupt, Fault};
use crate::schema::users;
use crate::types::{DbUuid, checked, db, micros, moment, name_of, named};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
pub(crate) struct UserRow {
    id: DbUuid,
    username: String,
    display_name: String,
    password_hash: String,
    role: String,
    age_group: String,
    created_at: i64,
    time_zone: Option<String>,
    birthday: Option<String>,
    suspended_at: Option<i64>,
    pronouns: Option<String>,
    locale: Option<String>,
    persona: Option<String>,
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
            time_zone: Some(user.time_zone.as_str().to_owned()),
            birthday: user.birthday.map(|day| day.to_string()),
            suspended_at: micros(user.suspended_at),
            pronouns: user.pronouns.clone().map(Into::into),
            locale: user.locale.clone().map(Into::into),
            persona: user.persona.clone().map(Into::into),
        }
    }

    pub(crate) fn into_user(self) -> Result<(User, PasswordHash), Corrupt> {
        let user = User {
            id: self.id.id(),
            username: checked("users.username", self.username)?,
            display_name: checked("users.display_name", self.display_name)?,
            role: named("users.role", &self.role)?,
            age_group: named("users.age_group", &self.age_group)?,
            time_zone: match self.time_zone {
                Some(name) => checked("users.time_zone", name)?,
                None => TimeZone::utc(),
            },
            birthday: self.birthday.as_deref().map(day).transpose()?,
            pronouns: told("users.pronouns", self.pronouns)?,
            locale: told("users.locale", self.locale)?,
            persona: told("users.persona", self.persona)?,
            created_at: Timestamp::from_unix_micros(self.created_at),
            suspended_at: moment(self.suspended_at),
        };
        Ok((user, PasswordHash(self.password_hash)))
    }
}

fn told<T>(column: &'static str, text: Option<String>) -> Result<Option<T>, Corrupt>
where
    T: TryFrom<String>,
    T::Error: std::error::Error + Send + Sync + 'static,
{
    text.map(|text| checked(column, text)).transpose()
}

fn day(text: &str) -> Result<Date, Corrupt> {
    let format = format_description!("[year]-[month]-[day]");
    Date::parse(text, &format).map_err(|error| Corrupt::new("users.birthday", error))
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

pub(crate) fn update(c: &mut SqliteConnection, user: &User) -> Result<(), Fault> {
    let updated = diesel::update(users::table.find(db(user.id)))
        .set((
            users::display_name.eq(user.display_name.as_str()),
            users::role.eq(name_of(user.role)),
            users::age_group.eq(name_of(user.age_group)),
            users::time_zone.eq(user.time_zone.as_str()),
            users::birthday.eq(user.birthday.map(|day| day.to_string())),
            users::suspended_at.eq(micros(user.suspended_at)),
            users::pronouns.eq(user.pronouns.as_ref().map(Pronouns::as_str)),
            users::locale.eq(user.locale.as_ref().map(Locale::as_str)),
            users::persona.eq(user.persona.as_ref().map(Persona::as_str)),
        ))
        .execute(c)?;
    if updated == 1 {
        Ok(())
    } else {
        Err(Fault::Misuse("the user to be updated is not stored"))
    }
}

pub(crate) fn page(
    c: &mut SqliteConnection,
    after: Option<UserId>,
    limit: u32,
) -> Result<Vec<User>, Fault> {
    let after = after.map_or(Uuid::nil(), Uuid::from);
    let rows = users::table
        .filter(users::id.gt(db(after)))
        .order(users::id)
        .limit(limit.into())
        .select(UserRow::as_select())
        .load(c)?;
    let user = |row: UserRow| Ok(row.into_user()?.0);
    rows.into_iter().map(user).collect()
}

pub(crate) fn password(
    c: &mut SqliteConnection,
    id: UserId,
) -> Result<Option<StoredPassword>, Fault> {
    let row: Option<(String, Option<i64>)> = users::table
        .find(db(id))
        .select((users::password_hash, users::password_until))
        .first(c)
        .optional()?;
    Ok(row.map(|(hash, until)| StoredPassword {
        hash: PasswordHash(hash),
        until: moment(until),
    }))
}

pub(crate) fn set_password(
    c: &mut SqliteConnection,
    id: UserId,
    password: StoredPassword,
) -> Result<(), Fault> {
    let updated = diesel::update(users::table.find(db(id)))
        .set((
            users::password_hash.eq(password.hash.0),
            users::password_until.eq(micros(password.until)),
        ))
        .execute(c)?;
    if updated == 1 {
        Ok(())
    } else {
        Err(Fault::Misuse(
            "the user whose password changes is not stored",
        ))
    }
}
