//! Between columns and values: ids as 16 bytes, enums as their names, documents as JSON, numbers within range.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Binary;
use serde::Serialize;
use serde::de::value::Error as NoSuchName;
use serde::de::{DeserializeOwned, IntoDeserializer};
use time::Duration;
use uuid::Uuid;
use waifu_domain::timestamp::Timestamp;

use crate::errors::Corrupt;

/// So many bound values fit in one statement by far.
pub(crate) const BOUND_AT_ONCE: usize = 1000;

/// An id as a blob of 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub(crate) struct DbUuid(Uuid);

/// Any typed id, for its column.
pub(crate) fn db(id: impl Into<Uuid>) -> DbUuid {
    DbUuid(id.into())
}

impl<T: Into<Uuid>> From<T> for DbUuid {
    fn from(id: T) -> Self {
        db(id)
    }
}

impl DbUuid {
    pub(crate) fn id<T: From<Uuid>>(self) -> T {
        self.0.into()
    }
}

impl<DB: Backend> ToSql<Binary, DB> for DbUuid
where
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.as_bytes().as_slice().to_sql(out)
    }
}

impl<DB: Backend> FromSql<Binary, DB> for DbUuid
where
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = Vec::<u8>::from_sql(bytes)?;
        Ok(Self(Uuid::from_slice(&bytes)?))
    }
}

/// The name of an enum's variant, as it serialises.
pub(crate) fn name_of(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        other => unreachable!("an enum without fields serialises as its name, not as {other:?}"),
    }
}

/// Columns are told as `table.column`.
pub(crate) fn named<T: DeserializeOwned>(column: &'static str, name: &str) -> Result<T, Corrupt> {
    T::deserialize(name.into_deserializer())
        .map_err(|error: NoSuchName| Corrupt::new(column, error))
}

pub(crate) fn to_json(document: &impl Serialize) -> String {
    serde_json::to_string(document).expect("documents have string keys")
}

pub(crate) fn from_json<T: DeserializeOwned>(
    column: &'static str,
    json: &str,
) -> Result<T, Corrupt> {
    serde_json::from_str(json).map_err(|error| Corrupt::new(column, error))
}

/// What a column that may be empty says; an empty one says what is there in the beginning.
pub(crate) fn from_json_or_default<T: DeserializeOwned + Default>(
    column: &'static str,
    json: Option<&str>,
) -> Result<T, Corrupt> {
    json.map_or_else(|| Ok(T::default()), |json| from_json(column, json))
}

/// A value that its type checks: a number within range, a name with the right letters, a hash of the right length.
pub(crate) fn checked<T, U>(column: &'static str, value: U) -> Result<T, Corrupt>
where
    T: TryFrom<U>,
    T::Error: std::error::Error + Send + Sync + 'static,
{
    T::try_from(value).map_err(|error| Corrupt::new(column, error))
}

pub(crate) fn bytes32(column: &'static str, bytes: &[u8]) -> Result<[u8; 32], Corrupt> {
    checked(column, bytes)
}

/// Microseconds of a span that can be added to any moment.
pub(crate) fn micros_of(span: Duration) -> i64 {
    const MOST: i128 = i64::MAX as i128 / 4;
    let micros = span.whole_microseconds().clamp(-MOST, MOST);
    i64::try_from(micros).expect("it was clamped to what fits")
}

/// Microseconds since 1970, for a column that may be empty.
pub(crate) fn micros(moment: Option<Timestamp>) -> Option<i64> {
    moment.map(Timestamp::unix_micros)
}

pub(crate) fn moment(micros: Option<i64>) -> Option<Timestamp> {
    micros.map(Timestamp::from_unix_micros)
}
