//! The prompt: everything a model is told before it answers, made from a scene by one pure function.
//!
//! Names, cards and personas are other people's text. Each line of such text is put behind a `|`, so that no
//! line of it can pass for one of the operator's own headings or instructions.

mod compose;
mod tokens;

use crate::affection::Taste;
use crate::ids::TurnId;
use crate::relationship::{Level, Mood, Stage};
use crate::turn::{RunNo, Speaker};
use crate::user::Introduction;
use crate::waifu::WaifuProfile;

pub use compose::compose;
pub use tokens::{Estimate, TokenCounter};

/// What she knows when she answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    pub waifu: WaifuProfile,
    pub user: Introduction,
    pub level: Level,
    pub mood: Mood,
    /// What was said before, oldest first.
    pub history: Vec<Line>,
    pub occasion: Occasion,
    pub turn_id: TurnId,
    pub turn_no: u32,
    /// Which answer to the turn this is; another one shall be another.
    pub run: RunNo,
}

/// What she answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Occasion {
    Chat {
        said: String,
    },
    Gift {
        name: String,
        description: String,
        taste: Taste,
    },
    Date {
        name: String,
        description: String,
        taste: Taste,
    },
    /// The user took a choice.
    Event {
        title: String,
        scene: String,
        choice: String,
        /// What the choice means, for who plays her.
        line: String,
    },
}

impl Occasion {
    /// What the user says; nothing when he did something instead.
    pub fn said(&self) -> &str {
        match self {
            Self::Chat { said } => said,
            Self::Gift { .. } | Self::Date { .. } | Self::Event { .. } => "",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub speaker: Speaker,
    pub text: String,
}

impl Scene {
    pub fn stage(&self) -> Stage {
        Stage::of(self.level)
    }
}

/// Messages in the order in which a chat model reads them; the first is the system's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    pub messages: Vec<PromptMessage>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptMessage {
    pub role: PromptRole,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptRole {
    System,
    User,
    Assistant,
}
