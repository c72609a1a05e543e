//! How a run ended, from what the model did.

use std::time::Duration;

use waifu_domain::turn::{EndReason, EndStatus, Usage};

use crate::ports::language_model::{Finish, ModelError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    /// Her words; empty when nothing was said.
    pub(super) text: String,
    pub(super) status: EndStatus,
    pub(super) reason: Option<EndReason>,
    pub(super) usage: Option<Usage>,
    /// Tokens that the model may have read, by our own estimate; 0 when it was not asked.
    pub(super) asked: u64,
    /// When another attempt may be worth it.
    pub(super) retry_after: Option<Duration>,
}

impl Ending {
    /// The model said that it was done.
    pub(super) fn finished(text: String, finish: Finish, usage: Option<Usage>) -> Self {
        match finish {
            Finish::Filtered => Self {
                usage,
                ..Self::broken_off(text, EndReason::Filtered)
            },
            Finish::Stop | Finish::Length if !has_words(&text) => Self {
                usage,
                ..Self::broken_off(String::new(), EndReason::Empty)
            },
            Finish::Stop => Self {
                text,
                status: EndStatus::Completed,
                reason: None,
                usage,
                asked: 0,
                retry_after: None,
            },
            Finish::Length => Self {
                text,
                status: EndStatus::Completed,
                reason: Some(EndReason::Length),
                usage,
                asked: 0,
                retry_after: None,
            },
        }
    }

    /// Something else ended it: what was said is kept, and when nothing was said the run has failed.
    pub(super) fn broken_off(text: String, reason: EndReason) -> Self {
        let (text, status) = if has_words(&text) {
            (text, EndStatus::Incomplete)
        } else {
            (String::new(), EndStatus::Failed)
        };
        Self {
            text,
            status,
            reason: Some(reason),
            usage: None,
            asked: 0,
            retry_after: None,
        }
    }

    /// The user wants no more of it.
    pub(super) fn cancelled(text: String) -> Self {
        let text = if has_words(&text) {
            text
        } else {
            String::new()
        };
        Self {
            text,
            status: EndStatus::Cancelled,
            reason: None,
            usage: None,
            asked: 0,
            retry_after: None,
        }
    }

    pub(super) fn retry_after_ms(&self) -> Option<u64> {
        let after = self.retry_after?;
        Some(u64::try_from(after.as_millis()).unwrap_or(u64::MAX))
    }

    /// Whether she answered, which is what moves affection.
    pub(super) fn was_heard(&self) -> bool {
        !self.text.is_empty()
    }
}

fn has_words(text: &str) -> bool {
    !text.trim().is_empty()
}

impl From<&ModelError> for EndReason {
    fn from(error: &ModelError) -> Self {
        match error {
            ModelError::Unreachable(_) | ModelError::RateLimited { .. } => {
                Self::ProviderUnavailable
            }
            ModelError::TimedOut { .. } => Self::ProviderTimeout,
            ModelError::Refused { .. } | ModelError::ContextLength | ModelError::Malformed(_) => {
                Self::ProviderFailed
            }
            ModelError::Cut(_) => Self::Cut,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(text: &str, finish: Finish) -> (EndStatus, Option<EndReason>) {
        let ending = Ending::finished(text.to_owned(), finish, None);
        (ending.status, ending.reason)
    }

    #[test]
    fn the_status_follows_from_the_words_and_the_finish() {
        assert_eq!(ended("hi", Finish::Stop), (EndStatus::Completed, None));
        assert_eq!(
            ended("hi", Finish::Length),
            (EndStatus::Completed, Some(EndReason::Length))
        );
        assert_eq!(
            ended("hi", Finish::Filtered),
            (EndStatus::Incomplete, Some(EndReason::Filtered))
        );
        assert_eq!(
            ended("", Finish::Filtered),
            (EndStatus::Failed, Some(EndReason::Filtered))
        );
        assert_eq!(
            ended(" \n", Finish::Stop),
            (EndStatus::Failed, Some(EndReason::Empty))
        );
        assert_eq!(
            Ending::broken_off("hi".to_owned(), EndReason::Cut).status,
            EndStatus::Incomplete
        );
        assert!(!Ending::broken_off(" ".to_owned(), EndReason::Cut).was_heard());
    }
}
