//! The runs that this process streams: admitted under bounds, listed for heartbeats, told when they are lost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;
use waifu_domain::ids::{TurnId, UserId};
use waifu_domain::turn::RunNo;

use super::limits::TurnLimits;
use crate::ports::turn_store::Heartbeat;

#[derive(Debug)]
pub(super) struct Registry {
    limits: TurnLimits,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    total: usize,
    by_user: HashMap<UserId, usize>,
    runs: HashMap<TurnId, HeldRun>,
}

#[derive(Debug)]
struct HeldRun {
    run: RunNo,
    words: Arc<Mutex<String>>,
    lost: CancellationToken,
}

/// A place among the runs; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    registry: Arc<Registry>,
    user: UserId,
    turn: Option<TurnId>,
}

/// A run that is streamed here.
#[derive(Debug)]
pub(super) struct Streaming {
    words: Arc<Mutex<String>>,
    /// Cancelled when somebody else has ended the run.
    pub(super) lost: CancellationToken,
    _place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    InAll,
    ForThisUser,
}

impl Registry {
    pub(super) fn new(limits: TurnLimits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            held: Mutex::default(),
        })
    }

    pub(super) fn admit(self: &Arc<Self>, user: UserId) -> Result<Place, Full> {
        let mut held = self.held();
        if held.total >= self.limits.runs {
            return Err(Full::InAll);
        }
        let of_user = held.by_user.entry(user).or_default();
        if *of_user >= self.limits.runs_per_user {
            return Err(Full::ForThisUser);
        }
        *of_user += 1;
        held.total += 1;
        Ok(Place {
            registry: Arc::clone(self),
            user,
            turn: None,
        })
    }

    pub(super) fn holds(&self, turn: TurnId) -> bool {
        self.held().runs.contains_key(&turn)
    }

    pub(super) fn heartbeats(&self) -> Vec<Heartbeat> {
        let beat = |(turn_id, run): (&TurnId, &HeldRun)| Heartbeat {
            turn_id: *turn_id,
            run: run.run,
            words: run
                .words
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .as_str()
                .into(),
        };
        self.held().runs.iter().map(beat).collect()
    }

    pub(super) fn lose(&self, turn: TurnId) {
        if let Some(run) = self.held().runs.get(&turn) {
            run.lost.cancel();
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    pub(super) fn stream(mut self, turn: TurnId, run: RunNo) -> Streaming {
        let words = Arc::<Mutex<String>>::default();
        let lost = CancellationToken::new();
        let held = HeldRun {
            run,
            words: Arc::clone(&words),
            lost: lost.clone(),
        };
        self.registry.held().runs.insert(turn, held);
        self.turn = Some(turn);
        Streaming {
            words,
            lost,
            _place: self,
        }
    }
}

impl Streaming {
    /// The words so far.
    pub(super) fn said(&self) -> String {
        self.words().clone()
    }

    /// Adds words, up to `limit` bytes in all; `text` is cut to what was added. Returns whether it was cut.
    pub(super) fn say(&self, text: &mut String, limit: usize) -> bool {
        let mut words = self.words();
        let room = limit.saturating_sub(words.len());
        let cut = text.len() > room;
        text.truncate(text.floor_char_boundary(room));
        words.push_str(text);
        cut
    }

    fn words(&self) -> MutexGuard<'_, String> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.registry.held();
        held.total -= 1;
        if let Some(count) = held.by_user.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                held.by_user.remove(&self.user);
            }
        }
        if let Some(turn) = self.turn {
            held.runs.remove(&turn);
        }
    }
}
