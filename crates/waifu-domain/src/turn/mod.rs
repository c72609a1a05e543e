//! Turns, runs and messages: what happened in a conversation, and each attempt at her answer.

mod emotion;

use serde::{Deserialize, Serialize};

pub use emotion::Emotion;

use crate::ids::{ConversationId, MessageId, TurnId};
use crate::timestamp::Timestamp;

/// The longest message a user may send, in Unicode scalar values.
pub const LONGEST_MESSAGE: usize = 8_000;

/// What a turn answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnKind {
    Greeting,
    Chat,
    Gift,
    Date,
    Event,
}

/// One attempt at the answer to a turn; `1` is the first.
pub type RunNo = u32;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    Streaming,
    Completed,
    /// At least one word was said before a fault, a limit or a stop of the server.
    Incomplete,
    /// Nothing was said.
    Failed,
    Cancelled,
}

/// How a run ended: a status that is not `Streaming`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndStatus {
    Completed,
    Incomplete,
    Failed,
    Cancelled,
}

impl From<EndStatus> for RunStatus {
    fn from(status: EndStatus) -> Self {
        match status {
            EndStatus::Completed => Self::Completed,
            EndStatus::Incomplete => Self::Incomplete,
            EndStatus::Failed => Self::Failed,
            EndStatus::Cancelled => Self::Cancelled,
        }
    }
}

impl RunStatus {
    /// `None` while it streams.
    pub fn ended(self) -> Option<EndStatus> {
        match self {
            Self::Streaming => None,
            Self::Completed => Some(EndStatus::Completed),
            Self::Incomplete => Some(EndStatus::Incomplete),
            Self::Failed => Some(EndStatus::Failed),
            Self::Cancelled => Some(EndStatus::Cancelled),
        }
    }
}

/// Why a run ended otherwise than by a whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The model stopped at its own limit of tokens.
    Length,
    /// The reply reached this server's limit.
    TooLong,
    /// The model's provider answered with an error, or with what could not be read.
    ProviderFailed,
    /// The model's provider could not be reached, or had no room.
    ProviderUnavailable,
    /// A phase of the call took too long.
    ProviderTimeout,
    /// The model's provider withheld the answer.
    Filtered,
    /// The stream stopped without saying that it was finished.
    Cut,
    /// The model finished without a word.
    Empty,
    /// The server was told to stop.
    Draining,
    /// The process that streamed it died.
    Abandoned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    User,
    Waifu,
}

/// A stored message, as a history shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: MessageId,
    pub conversation_id: ConversationId,
    pub turn_id: TurnId,
    pub turn_no: u32,
    pub speaker: Speaker,
    pub parts: Vec<MessagePart>,
    /// The status of the run that said it; `Completed` for the user's own.
    pub status: RunStatus,
    /// Of hers; older ones have none.
    pub emotion: Option<Emotion>,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum MessagePart {
    Text { text: String },
}

impl MessagePart {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }
}

/// The words of all text parts, in order.
pub fn plain_text(parts: &[MessagePart]) -> String {
    parts
        .iter()
        .map(|part| match part {
            MessagePart::Text { text } => text.as_str(),
        })
        .collect()
}

/// What a user says: 1 to 8,000 Unicode scalar values, not all of them white space, none of them NUL (which
/// PostgreSQL can't store).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageText(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAMessage {
    #[error("must not be empty")]
    Empty,
    #[error("must be at most {LONGEST_MESSAGE} characters, is {0}")]
    TooLong(usize),
    #[error("must not contain the character U+0000")]
    HasNul,
}

impl MessageText {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for MessageText {
    type Error = NotAMessage;

    fn try_from(text: String) -> Result<Self, NotAMessage> {
        let length = text.chars().count();
        if text.trim().is_empty() {
            Err(NotAMessage::Empty)
        } else if length > LONGEST_MESSAGE {
            Err(NotAMessage::TooLong(length))
        } else if text.contains('\0') {
            Err(NotAMessage::HasNul)
        } else {
            Ok(Self(text))
        }
    }
}

/// Tokens that a run used, as the provider counted them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub prompt_tokens: u32,
    pub completion_tokens: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_counted_in_characters_not_in_bytes() {
        assert!(MessageText::try_from("é".repeat(LONGEST_MESSAGE)).is_ok());
        assert_eq!(
            MessageText::try_from("é".repeat(LONGEST_MESSAGE + 1)),
            Err(NotAMessage::TooLong(LONGEST_MESSAGE + 1))
        );
        assert_eq!(
            MessageText::try_from(" \n\t".to_owned()),
            Err(NotAMessage::Empty)
        );
        assert_eq!(
            MessageText::try_from("a\0".to_owned()),
            Err(NotAMessage::HasNul)
        );
    }
}
