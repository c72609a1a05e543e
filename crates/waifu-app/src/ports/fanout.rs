//! How what happens in a relationship reaches everybody who watches it.

use waifu_domain::relationship::Pair;

use crate::turns::frames::{Frame, Subscription};

pub trait Fanout: std::fmt::Debug + Send + Sync {
    /// Hands a frame to every watcher of the pair. Never waits: a watcher who falls too far behind is told so
    /// by his subscription.
    fn publish(&self, pair: Pair, frame: Frame);

    /// From now on, with the words of the run that streams now: no delta is missed or seen twice between the two.
    fn subscribe(&self, pair: Pair) -> Subscription;
}
