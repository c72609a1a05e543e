//! How close the two are: points, the levels they reach, and the stages that people have words for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// 0 to 1000 points.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "i32", into = "i32")]
pub struct Affection(i32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("affection must be 0 to 1000, is {0}")]
pub struct NotAffection(i32);

impl Affection {
    pub const NONE: Self = Self(0);
    pub const MOST: i32 = 1000;

    pub const fn get(self) -> i32 {
        self.0
    }

    /// The nearest affection that there is.
    pub fn clamped(points: i32) -> Self {
        Self(points.clamp(0, Self::MOST))
    }
}

impl TryFrom<i32> for Affection {
    type Error = NotAffection;

    fn try_from(points: i32) -> Result<Self, NotAffection> {
        if (0..=Self::MOST).contains(&points) {
            Ok(Self(points))
        } else {
            Err(NotAffection(points))
        }
    }
}

impl From<Affection> for i32 {
    fn from(affection: Affection) -> Self {
        affection.0
    }
}

/// 0 to 10.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "u8", into = "u8")]
pub struct Level(u8);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a level must be 0 to 10, is {0}")]
pub struct NotALevel(u8);

impl Level {
    pub const STRANGER: Self = Self(0);
    pub const HIGHEST: Self = Self(10);
    pub const COUNT: usize = 11;

    pub const fn get(self) -> u8 {
        self.0
    }

    pub fn next(self) -> Option<Self> {
        (self < Self::HIGHEST).then(|| Self(self.0 + 1))
    }

    pub fn previous(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
    }
}

impl TryFrom<u8> for Level {
    type Error = NotALevel;

    fn try_from(level: u8) -> Result<Self, NotALevel> {
        if level <= Self::HIGHEST.0 {
            Ok(Self(level))
        } else {
            Err(NotALevel(level))
        }
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        level.0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Stranger,
    Acquaintance,
    Friend,
    CloseFriend,
    Romantic,
    Soulmate,
}

impl Stage {
    pub fn of(level: Level) -> Self {
        match level.0 {
            0 => Self::Stranger,
            1..=2 => Self::Acquaintance,
            3..=4 => Self::Friend,
            5..=6 => Self::CloseFriend,
            7..=8 => Self::Romantic,
            _ => Self::Soulmate,
        }
    }

    pub fn first_level(self) -> Level {
        match self {
            Self::Stranger => Level(0),
            Self::Acquaintance => Level(1),
            Self::Friend => Level(3),
            Self::CloseFriend => Level(5),
            Self::Romantic => Level(7),
            Self::Soulmate => Level(9),
        }
    }

    /// The word that doors use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stranger => "stranger",
            Self::Acquaintance => "acquaintance",
            Self::Friend => "friend",
            Self::CloseFriend => "close_friend",
            Self::Romantic => "romantic",
            Self::Soulmate => "soulmate",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str().replace('_', " "))
    }
}
