//! Waiting, for a while, until threads have ended.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How many threads are there yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ending(Arc<Threads>);

#[derive(Debug, Default)]
struct Threads {
    alive: Mutex<usize>,
    has_ended: Condvar,
}

/// A thread is there as long as this is.
pub(super) struct Alive(Ending);

impl Ending {
    pub(super) fn of_one_more(&self) -> Alive {
        self.change(|alive| alive + 1);
        Alive(self.clone())
    }

    /// Blocks until all have ended, or until it has waited for so long. Returns whether all have.
    pub(crate) fn wait(&self, at_most: Duration) -> bool {
        let alive = self.0.alive.lock().unwrap_or_else(PoisonError::into_inner);
        let (alive, _) = self
            .0
            .has_ended
            .wait_timeout_while(alive, at_most, |alive| *alive > 0)
            .unwrap_or_else(PoisonError::into_inner);
        *alive == 0
    }

    fn change(&self, change: impl FnOnce(usize) -> usize) {
        let mut alive = self.0.alive.lock().unwrap_or_else(PoisonError::into_inner);
        *alive = change(*alive);
        self.0.has_ended.notify_all();
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.change(|alive| alive - 1);
    }
}
