//! How many frames a client may send.

use std::time::Duration;

use tokio::time::Instant;

use super::close::Close;

pub const FRAMES_PER_MINUTE: u32 = 60;
const MINUTE: Duration = Duration::from_mins(1);

/// Counts one socket's frames, minute by minute.
#[derive(Debug)]
pub struct FrameRate {
    window_started: Instant,
    in_window: u32,
}

impl FrameRate {
    pub fn new() -> Self {
        Self {
            window_started: Instant::now(),
            in_window: 0,
        }
    }

    /// One more has come.
    pub fn count(&mut self) -> Result<(), Close> {
        let elapsed = self.window_started.elapsed();
        if elapsed >= MINUTE {
            *self = Self::new();
        }
        self.in_window += 1;
        if self.in_window > FRAMES_PER_MINUTE {
            let retry_after = MINUTE.saturating_sub(elapsed);
            Err(Close::TooMuch { retry_after })
        } else {
            Ok(())
        }
    }
}
