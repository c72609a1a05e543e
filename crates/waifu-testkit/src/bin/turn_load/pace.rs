//! How turns are sent: so many at once, or so many a second whatever becomes of them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::latency::Latencies;
use crate::target::Target;
use crate::turn::take_turn;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Load {
    /// A closed loop: so many turns in flight, the next one sent when one ends.
    InFlight(u32),
    /// An open loop: so many turns a second, each timed from when it was due, so that a server which
    /// falls behind is not asked more slowly for it.
    PerSecond(u32),
}

/// What came of a phase.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) first_word: Latencies,
    pub(crate) whole: Latencies,
    /// How many replies were no stream.
    pub(crate) documents: usize,
    pub(crate) errors: BTreeMap<String, u64>,
    /// From the first request to the end of the last turn.
    pub(crate) took: Duration,
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InFlight(turns) => write!(f, "{turns} in flight"),
            Self::PerSecond(turns) => write!(f, "{turns} a second"),
        }
    }
}

/// Sends turns for so long, and waits for the last of them.
pub(crate) async fn drive(target: &Rc<Target>, load: Load, during: Duration) -> Outcome {
    let start = Instant::now();
    match load {
        Load::InFlight(turns) => in_flight(target, turns, move || start.elapsed() < during).await,
        Load::PerSecond(rate) => per_second(target, rate, during).await,
    }
}

/// Sends so many turns, some at once.
pub(crate) async fn drive_turns(target: &Rc<Target>, at_once: u32, turns: usize) -> Outcome {
    let left = Cell::new(turns);
    in_flight(target, at_once, move || {
        let some_are_left = left.get() > 0;
        left.set(left.get().saturating_sub(1));
        some_are_left
    })
    .await
}

async fn in_flight(
    target: &Rc<Target>,
    turns: u32,
    is_another_wanted: impl Fn() -> bool + 'static,
) -> Outcome {
    let progress = Rc::new(Progress::new(Rc::clone(target)));
    let is_another_wanted = Rc::new(is_another_wanted);
    let mut loops = JoinSet::new();
    for _ in 0..turns {
        let (progress, is_another_wanted) = (Rc::clone(&progress), Rc::clone(&is_another_wanted));
        loops.spawn_local(async move {
            while is_another_wanted() {
                progress.turn(Instant::now()).await;
            }
        });
    }
    loops.join_all().await;
    progress.outcome()
}

async fn per_second(target: &Rc<Target>, rate: u32, during: Duration) -> Outcome {
    let progress = Rc::new(Progress::new(Rc::clone(target)));
    let (due, mut is_due) = mpsc::unbounded_channel();
    // A thread of its own, for its sleep is finer than the runtime's timers, which count milliseconds.
    let ticker = thread::spawn(move || tick(rate, during, &due));
    let mut turns = JoinSet::new();
    while let Some(due) = is_due.recv().await {
        let progress = Rc::clone(&progress);
        turns.spawn_local(async move { progress.turn(due).await });
        while turns.try_join_next().is_some() {}
    }
    turns.join_all().await;
    // It has ended: its end of the channel is gone.
    let _ = ticker.join();
    progress.outcome()
}

fn tick(rate: u32, during: Duration, due: &mpsc::UnboundedSender<Instant>) {
    let start = Instant::now();
    let between = Duration::from_secs(1) / rate;
    let mut next = start;
    while next < start + during {
        thread::sleep(next.saturating_duration_since(Instant::now()));
        if due.send(next).is_err() {
            return;
        }
        next += between;
    }
}

/// Turns on one target, and what has come of them so far.
struct Progress {
    target: Rc<Target>,
    start: Instant,
    outcome: RefCell<Outcome>,
}

impl Progress {
    fn new(target: Rc<Target>) -> Self {
        Self {
            target,
            start: Instant::now(),
            outcome: RefCell::default(),
        }
    }

    async fn turn(&self, since: Instant) {
        let member = match &self.target.cast {
            None => None,
            Some(cast) => match cast.take() {
                Some(member) => Some(member),
                None => {
                    return self
                        .failed("every relationship was in a turn".to_owned())
                        .await;
                }
            },
        };
        let ended = take_turn(&self.target, member, since).await;
        if let (Some(cast), Some(member)) = (&self.target.cast, member) {
            cast.give_back(member);
        }
        match ended {
            Ok(timing) => {
                let mut outcome = self.outcome.borrow_mut();
                outcome.first_word.push(timing.first_word);
                outcome.whole.push(timing.whole);
                outcome.documents += usize::from(timing.is_document);
            }
            Err(kind) => self.failed(kind).await,
        }
    }

    async fn failed(&self, kind: String) {
        *self.outcome.borrow_mut().errors.entry(kind).or_default() += 1;
        // A closed loop must not spin on a server that is down.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    fn outcome(&self) -> Outcome {
        Outcome {
            took: self.start.elapsed(),
            ..self.outcome.take()
        }
    }
}
