//! The runs that this process streams: admitted under bounds, listed for heartbeats, told when they are lost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;
use waifu_domain::ids::{TurnId, UserId};
use waifu_domain::turn::RunNo;

use super::hub::Speech;
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
    speech: Arc<Speech>,
    lost: CancellationToken,
    cancelled: CancellationToken,
}

/// A place among the runs; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    registry: Arc<Registry>,
    user: UserId,
    run: Option<(TurnId, RunNo)>,
}

/// A run that is streamed here.
#[derive(Debug)]
pub(super) struct Streaming {
    pub(super) speech: Arc<Speech>,
    /// Cancelled when somebody else has ended the run.
    pub(super) lost: CancellationToken,
    /// Cancelled when the user wants no more of it.
    pub(super) cancelled: CancellationToken,
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
            run: None,
        })
    }

    pub(super) fn holds(&self, turn: TurnId) -> bool {
        self.held().runs.contains_key(&turn)
    }

    pub(super) fn heartbeats(&self) -> Vec<Heartbeat> {
        let beat = |run: &HeldRun| Heartbeat {
            turn_id: run.speech.turn_id,
            run: run.speech.run,
            words: run.speech.text().into(),
        };
        self.held().runs.values().map(beat).collect()
    }

    pub(super) fn lose(&self, run: (TurnId, RunNo)) {
        let held = self.held();
        let held = held.runs.get(&run.0);
        // Another run of the turn may have begun since.
        if let Some(held) = held.filter(|held| held.speech.is(run)) {
            held.lost.cancel();
        }
    }

    /// Ends a run that is streamed here, with the words so far; `false`: none is.
    pub(super) fn cancel(&self, turn: TurnId) -> bool {
        let held = self.held();
        let run = held.runs.get(&turn);
        run.inspect(|run| run.cancelled.cancel()).is_some()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    pub(super) fn stream(mut self, turn: TurnId, run: RunNo) -> Streaming {
        let speech = Arc::new(Speech::new(turn, run));
        let (lost, cancelled) = (CancellationToken::new(), CancellationToken::new());
        let held = HeldRun {
            speech: Arc::clone(&speech),
            lost: lost.clone(),
            cancelled: cancelled.clone(),
        };
        self.registry.held().runs.insert(turn, held);
        self.run = Some((turn, run));
        Streaming {
            speech,
            lost,
            cancelled,
            _place: self,
        }
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
        if let Some(run) = self.run
            // Another run of the turn may have begun already.
            && held.runs.get(&run.0).is_some_and(|held| held.speech.is(run))
        {
            held.runs.remove(&run.0);
        }
    }
}
