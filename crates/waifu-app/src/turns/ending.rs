//! How a run ended, from what the model did.

use waifu_domain::turn::{EndReason, EndStatus, Usage};

use crate::ports::language_model::{Finish, ModelError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    /// Her words; empty when nothing was said.
    pub(super) text: String,
    pub(super) status: EndStatus,
    pub(super) reason: Option<EndReason>,
    pub(super) usage: Option<Usage>,
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
            },
            Finish::Length => Self {
                text,
                status: EndStatus::Completed,
                reason: Some(EndReason::Length),
                usage,
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
        }
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
