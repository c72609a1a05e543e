//! How values of the domain are held in columns, and how a value that should not be there is told.

use std::borrow::Cow;
use std::io::Write;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::data_types::PgTimestamp;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Jsonb, Timestamptz};
use serde::de::value::{Error as WordError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Serialize};
use waifu_app::ports::language_model::BoxError;
use waifu_domain::timestamp::Timestamp;

use crate::errors::Fault;

/// 2000-01-01T00:00:00Z, from which PostgreSQL counts, in microseconds since 1970.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

/// The first byte of a `jsonb` on the wire.
const JSONB_VERSION: u8 = 1;

#[derive(Debug, Clone, Copy, AsExpression, FromSqlRow)]
#[diesel(sql_type = Timestamptz)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl FromSql<Timestamptz, Pg> for Moment {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let PgTimestamp(micros) = FromSql::<Timestamptz, Pg>::from_sql(bytes)?;
        // `infinity` is the largest number.
        let since_1970 = micros.saturating_add(POSTGRES_EPOCH);
        Ok(Self(Timestamp::from_unix_micros(since_1970)))
    }
}

impl ToSql<Timestamptz, Pg> for Moment {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let stamp = PgTimestamp(self.0.unix_micros() - POSTGRES_EPOCH);
        ToSql::<Timestamptz, Pg>::to_sql(&stamp, &mut out.reborrow())
    }
}

/// A `jsonb` as its text; what it means is read later, by who knows the column's name.
#[derive(Debug, Clone, AsExpression, FromSqlRow)]
#[diesel(sql_type = Jsonb)]
pub(crate) struct Document(String);

impl Document {
    pub(crate) fn of(value: &impl Serialize) -> Self {
        Self(serde_json::to_string(value).expect("documents have string keys"))
    }

    pub(crate) fn read<T: DeserializeOwned>(&self, place: &'static str) -> Result<T, Fault> {
        valid(place, serde_json::from_str(&self.0))
    }
}

/// What a column that may be empty says; an empty one says what is there in the beginning.
pub(crate) fn read_or_default<T: DeserializeOwned + Default>(
    place: &'static str,
    document: Option<&Document>,
) -> Result<T, Fault> {
    document.map_or_else(|| Ok(T::default()), |document| document.read(place))
}

impl FromSql<Jsonb, Pg> for Document {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        match bytes.as_bytes() {
            [JSONB_VERSION, text @ ..] => Ok(Self(str::from_utf8(text)?.to_owned())),
            _ => Err("the server sent an unknown version of jsonb".into()),
        }
    }
}

impl ToSql<Jsonb, Pg> for Document {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&[JSONB_VERSION])?;
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

/// A value that was read, unless it breaks a promise; `place` is `table.column`.
pub(crate) fn valid<T, E: Into<BoxError>>(
    place: &'static str,
    value: Result<T, E>,
) -> Result<T, Fault> {
    value.map_err(|why| Fault::Corrupt {
        place,
        why: why.into(),
    })
}

/// A count that was read.
pub(crate) fn count(place: &'static str, number: i32) -> Result<u32, Fault> {
    valid(place, u32::try_from(number))
}

/// A count to be written.
pub(crate) fn number(count: u32) -> Result<i32, Fault> {
    i32::try_from(count).map_err(|_| Fault::TooMuch(u64::from(count)))
}

/// A closed scale's word that was read.
pub(crate) fn scale<'a, T: Deserialize<'a>>(
    place: &'static str,
    word: &'a str,
) -> Result<T, Fault> {
    let word: StrDeserializer<'a, WordError> = word.into_deserializer();
    valid(place, T::deserialize(word))
}

/// The word of a closed scale, as everybody else writes it.
pub(crate) fn word(value: impl Serialize) -> String {
    let value = serde_json::to_value(value).expect("a closed scale serialises");
    let word = value.as_str().expect("a closed scale serialises as a word");
    word.to_owned()
}

pub(crate) fn hash(place: &'static str, bytes: &[u8]) -> Result<[u8; 32], Fault> {
    valid(place, bytes.try_into())
}

/// What a model says, without U+0000: PostgreSQL stores it in no text, and one model that says it must not make a
/// heartbeat fail for all.
pub(crate) fn storable(words: &str) -> Cow<'_, str> {
    if words.contains('\0') {
        Cow::Owned(words.replace('\0', ""))
    } else {
        Cow::Borrowed(words)
    }
}
