//! Numbers and texts of limited size, for the documents that operators write.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A whole number from `LEAST` to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Bounded<const LEAST: i32, const MOST: i32>(i32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be {least} to {most}, is {found}")]
pub struct OutOfBounds {
    least: i32,
    most: i32,
    found: i64,
}

impl<const LEAST: i32, const MOST: i32> Bounded<LEAST, MOST> {
    pub const fn get(self) -> i32 {
        self.0
    }
}

impl<const LEAST: i32, const MOST: i32> TryFrom<i64> for Bounded<LEAST, MOST> {
    type Error = OutOfBounds;

    fn try_from(found: i64) -> Result<Self, OutOfBounds> {
        match i32::try_from(found) {
            Ok(number) if (LEAST..=MOST).contains(&number) => Ok(Self(number)),
            _ => Err(OutOfBounds {
                least: LEAST,
                most: MOST,
                found,
            }),
        }
    }
}

impl<const LEAST: i32, const MOST: i32> From<Bounded<LEAST, MOST>> for i64 {
    fn from(number: Bounded<LEAST, MOST>) -> Self {
        number.0.into()
    }
}

/// 1 to `MOST` characters without NUL, trimmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MOST: usize>(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {0} characters without U+0000")]
pub struct NotAText(usize);

impl<const MOST: usize> Text<MOST> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MOST: usize> TryFrom<String> for Text<MOST> {
    type Error = NotAText;

    fn try_from(text: String) -> Result<Self, NotAText> {
        let trimmed = text.trim();
        if (1..=MOST).contains(&trimmed.chars().count()) && !trimmed.contains('\0') {
            Ok(Self(trimmed.to_owned()))
        } else {
            Err(NotAText(MOST))
        }
    }
}

impl<const MOST: usize> From<Text<MOST>> for String {
    fn from(text: Text<MOST>) -> Self {
        text.0
    }
}

impl<const MOST: usize> fmt::Display for Text<MOST> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
