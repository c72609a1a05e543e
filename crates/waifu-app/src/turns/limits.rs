//! How much, how many and how long.

use std::num::NonZeroU64;
use std::time::Duration;

/// Bounds of turns; all but the budget are per process.
#[derive(Debug, Clone)]
pub struct TurnLimits {
    /// Runs that stream at once.
    pub runs: usize,
    pub runs_per_user: usize,
    /// What a user may spend on a day, in UTC and on all servers together; `None`: as much as he likes.
    pub tokens_per_user_and_day: Option<NonZeroU64>,
    /// Earlier messages that a prompt is made from.
    pub history: u32,
    pub reply_bytes: usize,
    /// For the whole of a reply, from the call to its last word.
    pub whole_reply: Duration,
    /// How long a run stays its process's without a heartbeat.
    pub lease: Duration,
    pub heartbeat: Duration,
    pub reaping: Duration,
    /// How long a reply in hand waits for a store that is away.
    pub settling: Duration,
}

impl Default for TurnLimits {
    fn default() -> Self {
        Self {
            runs: 1024,
            runs_per_user: 8,
            tokens_per_user_and_day: None,
            history: 40,
            reply_bytes: 64 * 1024,
            whole_reply: Duration::from_mins(3),
            lease: Duration::from_secs(12),
            heartbeat: Duration::from_secs(1),
            reaping: Duration::from_secs(3),
            settling: Duration::from_mins(2),
        }
    }
}
