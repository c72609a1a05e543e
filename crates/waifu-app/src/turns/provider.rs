//! What this process knows of the model's provider: whether it is worth a call now, and whether one may be repeated.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::ports::language_model::{ModelError, Phase};

/// So many calls in a row have failed when the breaker opens.
const FAILURES: u32 = 5;
/// The breaker stays open for so long, and for twice as long each time that the next call fails too.
const FIRST_REST: Duration = Duration::from_secs(5);
const LONGEST_REST: Duration = Duration::from_mins(1);

/// Repeated calls are paid from a bucket, so that a provider in trouble is not asked three times as much.
const BUCKET: f64 = 10.0;
const EARNED_BY_A_CALL: f64 = 0.1;

#[derive(Debug, Default)]
pub(super) struct Provider {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    failures: u32,
    rest: Duration,
    breaker: Breaker,
    budget: f64,
}

#[derive(Debug, Clone, Copy)]
enum Breaker {
    Closed,
    OpenUntil(Instant),
    /// One call is out to see whether the provider is back; another may go when it does not return.
    Probing {
        until: Instant,
    },
}

impl Default for State {
    fn default() -> Self {
        Self {
            failures: 0,
            rest: FIRST_REST,
            breaker: Breaker::Closed,
            budget: BUCKET,
        }
    }
}

/// Calls are refused for so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the model's provider has failed too often; it is asked again in {after:?}")]
pub(super) struct Open {
    pub(super) after: Duration,
}

impl Provider {
    /// Whether a run may call. A call that is refused costs nothing and nobody waits for it.
    pub(super) fn admit(&self) -> Result<(), Open> {
        let mut state = self.state();
        let now = Instant::now();
        match state.breaker {
            Breaker::Closed => {}
            Breaker::OpenUntil(until) | Breaker::Probing { until } if now < until => {
                let after = until - now;
                return Err(Open { after });
            }
            Breaker::OpenUntil(_) | Breaker::Probing { .. } => {
                let until = now + state.rest;
                state.breaker = Breaker::Probing { until };
            }
        }
        state.budget = (state.budget + EARNED_BY_A_CALL).min(BUCKET);
        Ok(())
    }

    /// The provider speaks, or has refused what was asked: it is there.
    pub(super) fn is_there(&self) {
        let mut state = self.state();
        state.failures = 0;
        state.rest = FIRST_REST;
        state.breaker = Breaker::Closed;
    }

    /// A call has failed. Returns whether the breaker is open now.
    pub(super) fn has_failed(&self) -> Option<Open> {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        let now = Instant::now();
        match state.breaker {
            Breaker::Closed if state.failures < FAILURES => return None,
            Breaker::Closed => {}
            // It was called before the breaker opened.
            Breaker::OpenUntil(until) if now < until => return Some(Open { after: until - now }),
            Breaker::OpenUntil(_) | Breaker::Probing { .. } => {
                state.rest = (state.rest * 2).min(LONGEST_REST);
            }
        }
        let after = state.rest;
        state.breaker = Breaker::OpenUntil(now + after);
        Some(Open { after })
    }

    /// Pays for one more call of the same run.
    pub(super) fn pay_for_a_retry(&self) -> bool {
        let mut state = self.state();
        let can_pay = state.budget >= 1.0;
        if can_pay {
            state.budget -= 1.0;
        }
        can_pay
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a failed call says about the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blame {
    /// It is in trouble: the same call may succeed later.
    Provider,
    /// It is well, and does not want this call.
    Request,
}

impl Blame {
    pub(super) fn of(error: &ModelError) -> Self {
        match error {
            ModelError::Unreachable(_)
            | ModelError::RateLimited { .. }
            | ModelError::TimedOut { .. }
            | ModelError::Malformed(_)
            | ModelError::Cut(_) => Self::Provider,
            ModelError::Refused { status, .. } if *status == 408 || *status >= 500 => {
                Self::Provider
            }
            ModelError::Refused { .. } | ModelError::ContextLength => Self::Request,
        }
    }
}

/// Whether the call may be repeated, as long as no word has come.
pub(super) fn may_be_repeated(error: &ModelError) -> bool {
    match error {
        ModelError::Unreachable(_)
        | ModelError::RateLimited { .. }
        | ModelError::TimedOut {
            phase: Phase::Connect,
            ..
        } => true,
        ModelError::Refused { status, .. } => *status == 408 || *status >= 500,
        ModelError::TimedOut { .. }
        | ModelError::ContextLength
        | ModelError::Malformed(_)
        | ModelError::Cut(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn five_failures_in_a_row_open_the_breaker_and_one_call_tries_again_after_the_rest() {
        let provider = Provider::default();
        for _ in 1..FAILURES {
            provider.admit().unwrap();
            assert_eq!(provider.has_failed(), None);
        }
        provider.admit().unwrap();
        assert_eq!(provider.has_failed(), Some(Open { after: FIRST_REST }));
        assert_eq!(provider.admit(), Err(Open { after: FIRST_REST }));
        tokio::time::advance(FIRST_REST).await;
        provider.admit().unwrap();
        assert!(provider.admit().is_err(), "one call tries");
        let longer = Some(Open {
            after: FIRST_REST * 2,
        });
        assert_eq!(provider.has_failed(), longer);
        tokio::time::advance(FIRST_REST * 2).await;
        provider.admit().unwrap();
        provider.is_there();
        provider.admit().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_word_in_between_starts_the_count_anew() {
        let provider = Provider::default();
        for _ in 0..3 * FAILURES {
            assert_eq!(provider.has_failed(), None);
            provider.is_there();
        }
    }

    #[test]
    fn ten_retries_are_paid_for_and_ten_calls_earn_one_more() {
        let provider = Provider::default();
        for _ in 0..10 {
            assert!(provider.pay_for_a_retry());
        }
        assert!(!provider.pay_for_a_retry());
        for _ in 0..11 {
            provider.admit().unwrap();
        }
        assert!(provider.pay_for_a_retry());
        assert!(!provider.pay_for_a_retry());
    }
}
