//! How what happens in a relationship reaches everybody who watches it. The event rows are the truth: what is handed
//! over in memory saves reading them, and a watcher who misses some reads on where he was.

mod log;
mod neighbourhood;
mod speech;
mod topic;
mod watch;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use waifu_domain::ids::{ProcessId, TurnId};
use waifu_domain::relationship::Pair;
use waifu_domain::turn::RunNo;

use crate::catalogues::Catalogues;
use crate::ports::store::Store;
use crate::ports::turn_store::Whereabouts;
use crate::weak_map::WeakMap;
use log::Log;
use topic::{Live, Topic};

use super::news::Numbered;
pub(super) use neighbourhood::Neighbourhood;
pub(crate) use speech::Speech;
pub use watch::{Watch, WatchError};

/// What is handed over is a hint: the store is asked again after so long without one.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    log: Log,
    topics: WeakMap<Pair, Topic>,
    bell: Bell,
    /// Pairs of which this process may have missed news of its own.
    in_doubt: Mutex<HashSet<Pair>>,
}

/// What other processes have to be told.
#[derive(Debug, Default)]
struct Bell {
    has_neighbours: AtomicBool,
    pairs: Mutex<HashSet<Pair>>,
    wanted: Notify,
}

impl Hub {
    pub fn new(store: Arc<dyn Store>, catalogues: Arc<Catalogues>) -> Self {
        let inner = Inner {
            log: Log { store, catalogues },
            topics: WeakMap::default(),
            bell: Bell::default(),
            in_doubt: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Follows a pair. Nothing that happens from now on is missed, wherever the watch is then started.
    pub fn watch(&self, pair: Pair) -> Watch {
        Watch::new(self.clone(), pair, self.inner.topics.get_or_default(pair))
    }

    /// Events that are committed.
    pub(crate) fn publish(&self, pair: Pair, events: Vec<Numbered>) {
        if let Some(topic) = self.known(pair) {
            topic.publish(events, None);
        }
        self.ring(pair);
    }

    /// Events that are committed, the last of which starts a run that speaks here.
    pub(crate) fn open(&self, pair: Pair, events: Vec<Numbered>, speech: Arc<Speech>) -> Podium {
        let topic = self.inner.topics.get_or_default(pair);
        let run = (speech.turn_id, speech.run);
        topic.publish(events, Some(speech));
        self.ring(pair);
        Podium { topic, run }
    }

    /// The run speaks here no longer, and how it ended is not known.
    pub(crate) fn lose(&self, pair: Pair, run: (TurnId, RunNo)) {
        if let Some(topic) = self.known(pair) {
            topic.end(run);
        }
        self.doubt(pair);
    }

    /// Something may have been written that nobody here was told of.
    pub(crate) fn doubt(&self, pair: Pair) {
        if self.known(pair).is_some() {
            let in_doubt = self.inner.in_doubt.lock();
            in_doubt
                .unwrap_or_else(PoisonError::into_inner)
                .insert(pair);
        }
    }

    /// The topic of a pair that somebody follows.
    fn known(&self, pair: Pair) -> Option<Arc<Topic>> {
        self.inner.topics.get(&pair)
    }

    fn followed(&self) -> Vec<Pair> {
        self.inner.topics.keys()
    }

    fn ring(&self, pair: Pair) {
        let bell = &self.inner.bell;
        if bell.has_neighbours.load(Ordering::Relaxed) {
            let pairs = bell.pairs.lock();
            pairs.unwrap_or_else(PoisonError::into_inner).insert(pair);
            bell.wanted.notify_one();
        }
    }

    /// What the store says of a pair, to the process that asked.
    fn learn(&self, process: ProcessId, whereabouts: Whereabouts) {
        let Whereabouts {
            pair,
            seq,
            streaming,
        } = whereabouts;
        if let Some(topic) = self.known(pair) {
            let live = streaming.map(|run| Live {
                speech: Arc::new(Speech::with_words(run.turn_id, run.run, run.words)),
                is_here: run.process == process,
            });
            topic.learn(seq, live);
        }
    }
}

/// Where a run of this process speaks; as long as it is held, its words are followed.
#[derive(Debug)]
pub(crate) struct Podium {
    topic: Arc<Topic>,
    run: (TurnId, RunNo),
}

impl Podium {
    /// There are more words.
    pub(crate) fn has_spoken(&self) {
        self.topic.words.notify_waiters();
    }
}

impl Drop for Podium {
    fn drop(&mut self) {
        self.topic.end(self.run);
    }
}
