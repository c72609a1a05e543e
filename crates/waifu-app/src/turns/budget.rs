//! What a user may spend on a day, and what a run costs.
//!
//! A run is paid for in the commit that ends it, so none is paid twice, and one whose process died is paid by who reaps it.
//! What is streaming is not known yet: who has tokens left may begin as many runs as may stream at once.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use waifu_domain::ids::UserId;
use waifu_domain::prompt::Prompt;
use waifu_domain::turn::Usage;

use super::ending::Ending;
use crate::ports::clock::Clock;
use crate::ports::language_model::{LanguageModel, ModelError, ModelKind, Phase};
use crate::ports::store::{Day, Spent, StoreError, UnitOfWork};

/// What no provider counts is estimated on the high side: in English a token is about four bytes, in scripts that models
/// know little about one or two.
const BYTES_A_TOKEN: u64 = 2;
/// Roles and the marks around a message.
const TOKENS_AROUND_A_MESSAGE: u64 = 8;

#[derive(Debug, Clone)]
pub(super) struct Budget {
    tokens: NonZeroU64,
    clock: Arc<dyn Clock>,
}

/// There is nothing left of today's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BudgetSpent {
    /// Until tomorrow.
    pub(super) retry_after: Duration,
}

impl Budget {
    /// `None`: there is no budget, or the companion needs no model and costs nothing.
    pub(super) fn new(
        tokens: Option<NonZeroU64>,
        model: &dyn LanguageModel,
        clock: &Arc<dyn Clock>,
    ) -> Option<Self> {
        let tokens = tokens.filter(|_| model.kind() == ModelKind::Model)?;
        Some(Self {
            tokens,
            clock: Arc::clone(clock),
        })
    }

    /// Whether the user may have another run.
    pub(super) async fn look(
        &self,
        work: &mut dyn UnitOfWork,
        user: UserId,
    ) -> Result<Result<(), BudgetSpent>, StoreError> {
        let now = self.clock.now();
        let today = Day::of(now);
        if work.spending().of_day(user, today).await? < self.tokens.get() {
            return Ok(Ok(()));
        }
        let retry_after = today.left(now).unsigned_abs();
        Ok(Err(BudgetSpent { retry_after }))
    }

    pub(super) fn spent(&self, user_id: UserId, ending: &Ending) -> Spent {
        Spent {
            user_id,
            day: Day::of(self.clock.now()),
            tokens: u32::try_from(cost(ending)).unwrap_or(u32::MAX),
        }
    }
}

/// What a run costs: what its provider counted, and where it counted nothing, what it may have been.
fn cost(ending: &Ending) -> u64 {
    let Usage {
        prompt_tokens,
        completion_tokens,
    } = ending.usage.unwrap_or_default();
    let read = match prompt_tokens {
        0 => ending.asked,
        counted => counted.into(),
    };
    let written = match completion_tokens {
        0 => tokens_in(&ending.text),
        counted => counted.into(),
    };
    read + written
}

/// What a model may have to read.
pub(super) fn tokens_of(prompt: &Prompt) -> u64 {
    let messages = prompt.messages.iter();
    messages
        .map(|message| tokens_in(&message.text) + TOKENS_AROUND_A_MESSAGE)
        .sum()
}

fn tokens_in(text: &str) -> u64 {
    (text.len() as u64).div_ceil(BYTES_A_TOKEN)
}

/// Whether a model may have read the prompt of a call that failed.
pub(super) fn may_have_been_read(error: &ModelError) -> bool {
    match error {
        ModelError::Unreachable(_)
        | ModelError::RateLimited { .. }
        | ModelError::Refused { .. }
        | ModelError::ContextLength
        | ModelError::TimedOut {
            phase: Phase::Connect,
            ..
        } => false,
        ModelError::TimedOut { .. } | ModelError::Malformed(_) | ModelError::Cut(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use waifu_domain::turn::EndReason;

    use super::*;
    use crate::ports::language_model::Finish;

    fn cost_of(usage: Option<(u32, u32)>, asked: u64, text: &str) -> u64 {
        let usage = usage.map(|(prompt_tokens, completion_tokens)| Usage {
            prompt_tokens,
            completion_tokens,
        });
        cost(&Ending {
            asked,
            ..Ending::finished(text.to_owned(), Finish::Stop, usage)
        })
    }

    #[test]
    fn what_the_provider_counted_is_what_a_run_costs() {
        assert_eq!(cost_of(Some((321, 12)), 5_000, "ten words or so"), 333);
    }

    #[test]
    fn what_it_did_not_count_is_estimated() {
        assert_eq!(cost_of(None, 5_000, "four"), 5_002);
        assert_eq!(cost_of(Some((321, 0)), 5_000, "four"), 323);
        assert_eq!(cost_of(Some((0, 12)), 5_000, "four"), 5_012);
    }

    #[test]
    fn a_run_whose_prompt_nobody_read_costs_nothing() {
        let refused = Ending::broken_off(String::new(), EndReason::ProviderUnavailable);
        assert_eq!(cost(&refused), 0);
    }
}
