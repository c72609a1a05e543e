//! One and the same message, sent many times at once, is accepted by one sender after the other: so the copies
//! find the first one stored, instead of filling the places that streaming replies need.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use waifu_domain::ids::ClientMessageId;
use waifu_domain::relationship::Pair;

type Message = (Pair, ClientMessageId);
type Lock = AsyncMutex<()>;

#[derive(Debug, Default)]
pub(super) struct OneAtATime {
    held: Mutex<HashMap<Message, Weak<Lock>>>,
}

impl OneAtATime {
    /// Waits until no other sender of this message is at work. Safe to drop while waiting.
    pub(super) async fn wait(&self, pair: Pair, message: ClientMessageId) -> OwnedMutexGuard<()> {
        self.lock_of((pair, message)).lock_owned().await
    }

    fn lock_of(&self, key: Message) -> Arc<Lock> {
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
    use uuid::Uuid;

    fn key(n: u128) -> Message {
        let pair = Pair {
            user_id: Uuid::from_u128(1).into(),
            waifu_id: Uuid::from_u128(2).into(),
        };
        (pair, Uuid::from_u128(n).into())
    }

    #[tokio::test]
    async fn senders_of_one_message_take_turns_and_others_do_not_wait() {
        let turns = OneAtATime::default();
        let (pair, message) = key(1);
        let first = turns.wait(pair, message).await;
        assert!(turns.wait(pair, message).now_or_never().is_none());
        assert!(turns.wait(pair, key(2).1).now_or_never().is_some());
        drop(first);
        assert!(turns.wait(pair, message).now_or_never().is_some());
    }

    #[tokio::test]
    async fn messages_that_nobody_sends_any_more_do_not_pile_up() {
        let turns = OneAtATime::default();
        for n in 0..10_000 {
            let (pair, message) = key(n);
            drop(turns.wait(pair, message).await);
        }
        assert!(turns.held.lock().unwrap().len() < 100);
    }
}
