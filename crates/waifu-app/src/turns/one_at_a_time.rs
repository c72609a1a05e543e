//! What must not happen twice at once takes turns here, before it takes a place or a connection of the store: copies
//! of one message find the first one stored, and acts on one relationship do not queue for its lock with a connection
//! in hand.

use std::hash::Hash;

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::weak_map::WeakMap;

#[derive(Debug)]
pub(crate) struct OneAtATime<K> {
    locks: WeakMap<K, Mutex<()>>,
}

impl<K> Default for OneAtATime<K> {
    fn default() -> Self {
        Self {
            locks: WeakMap::default(),
        }
    }
}

impl<K: Copy + Eq + Hash> OneAtATime<K> {
    /// Waits until nobody else is at work under this key. Safe to drop while waiting.
    pub(crate) async fn wait(&self, key: K) -> OwnedMutexGuard<()> {
        self.locks.get_or_default(key).lock_owned().await
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
}
