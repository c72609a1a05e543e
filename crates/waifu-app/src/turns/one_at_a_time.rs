//! What must not happen twice at once takes turns here, before it takes a place or a connection of the store: copies
//! of one message find the first one stored, and acts on one relationship do not queue for its lock with a connection
//! in hand.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

type Lock = AsyncMutex<()>;

#[derive(Debug)]
pub(crate) struct OneAtATime<K> {
    held: Mutex<HashMap<K, Weak<Lock>>>,
}

impl<K> Default for OneAtATime<K> {
    fn default() -> Self {
        Self {
            held: Mutex::default(),
        }
    }
}

impl<K: Eq + Hash> OneAtATime<K> {
    /// Waits until nobody else is at work under this key. Safe to drop while waiting.
    pub(crate) async fn wait(&self, key: K) -> OwnedMutexGuard<()> {
        self.lock_of(key).lock_owned().await
    }

    fn lock_of(&self, key: K) -> Arc<Lock> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = held.get(&key).and_then(Weak::upgrade) {
            return lock;
        }
        // Those that nobody holds are swept when the map would grow, so that it can't grow for good.
        if held.len() == held.capacity() {
            held.retain(|_, lock| lock.strong_count() > 0);
        }
        let lock = Arc::<Lock>::default();
        held.insert(key, Arc::downgrade(&lock));
        lock
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn those_under_one_key_take_turns_and_others_do_not_wait() {
        let turns = OneAtATime::default();
        let first = turns.wait(1).await;
        assert!(turns.wait(1).now_or_never().is_none());
        assert!(turns.wait(2).now_or_never().is_some());
        drop(first);
        assert!(turns.wait(1).now_or_never().is_some());
    }

    #[tokio::test]
    async fn keys_that_nobody_uses_any_more_do_not_pile_up() {
        let turns = OneAtATime::default();
        for key in 0..10_000 {
            drop(turns.wait(key).await);
        }
        assert!(turns.held.lock().unwrap().len() < 100);
    }
}
