//! Whatever speaks for her: an OpenAI-compatible endpoint, or the offline companion.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use waifu_domain::prompt::{Prompt, Scene};
use waifu_domain::turn::Usage;

#[async_trait]
pub trait LanguageModel: std::fmt::Debug + Send + Sync {
    /// Starts a reply. The stream ends with [`ReplyPart::Done`] or with an error; one that just ends was cut.
    /// Dropping it closes the provider's connection.
    async fn reply(&self, request: ReplyRequest) -> Result<ReplyStream, ModelError>;

    fn kind(&self) -> ModelKind;
}

pub type ReplyStream = BoxStream<'static, Result<ReplyPart, ModelError>>;

#[derive(Debug, Clone, PartialEq)]
pub struct ReplyRequest {
    /// For models that read.
    pub prompt: Prompt,
    /// What the prompt was made from, for the companion that works by rules.
    pub scene: Arc<Scene>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyPart {
    /// Never empty.
    Text(String),
    Done {
        finish: Finish,
        usage: Option<Usage>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    Stop,
    /// The model reached its limit of tokens.
    Length,
    /// The provider withheld the rest.
    Filtered,
}

/// What clients are told of who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelKind {
    Model,
    Offline,
}

#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("failed to reach the model's provider")]
    Unreachable(#[source] BoxError),
    /// No answer in time: which phase, and how long it was waited for.
    #[error("the model's provider was silent for {waited:?} while waiting for {phase}")]
    TimedOut { phase: Phase, waited: Duration },
    #[error("the model's provider has no room")]
    RateLimited { retry_after: Option<Duration> },
    /// An HTTP status that is not success.
    #[error("the model's provider answered with status {status}")]
    Refused {
        status: u16,
        #[source]
        source: Option<BoxError>,
    },
    #[error("the prompt is too long for the model")]
    ContextLength,
    #[error("the model's provider sent what can't be read")]
    Malformed(#[source] BoxError),
    #[error("the stream broke off")]
    Cut(#[source] Option<BoxError>),
}

pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Connect,
    FirstWord,
    NextWord,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connect => "a connection",
            Self::FirstWord => "the first word",
            Self::NextWord => "the next word",
        })
    }
}
