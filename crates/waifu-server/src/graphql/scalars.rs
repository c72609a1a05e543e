//! Scalars of this schema's own.

use std::fmt;

use juniper::{GraphQLScalar, ScalarValue};
use serde::Serialize;
use serde_json::Value;

/// The number of a durable frame, as decimal digits. It has 64 bits: `Int` has 31, and clients to whom every number is a
/// double would round it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, GraphQLScalar)]
#[graphql(
    to_output_with = ScalarValue::from_displayable,
    from_input_with = Self::read,
    parse_token(String)
)]
pub struct Seq(pub u64);

impl Seq {
    fn read(text: &str) -> Result<Self, Box<str>> {
        let number = text.parse().map(Self);
        number.map_err(|_| "must be decimal digits, such as \"41\"".into())
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A JSON document, as text.
#[derive(Debug, Clone, PartialEq, Eq, GraphQLScalar)]
#[graphql(
    name = "Json",
    to_output_with = ScalarValue::from_displayable,
    from_input_with = Self::read,
    parse_token(String)
)]
pub struct Json(pub Value);

impl Json {
    pub fn of(document: impl Serialize) -> Self {
        Self(serde_json::to_value(document).expect("documents have string keys"))
    }

    fn read(text: &str) -> Result<Self, Box<str>> {
        let document = serde_json::from_str(text).map(Self);
        document.map_err(|error| format!("is not JSON: {error}").into())
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
