//! A job that waits for its turn, and what becomes of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use diesel::SqliteConnection;
use tokio::sync::oneshot;
use waifu_app::ports::store::StoreError;

use crate::errors::Fault;

/// A job in the queue, which belongs to whoever takes it first: the thread that starts it, or the caller who has
/// stopped waiting.
#[derive(Clone)]
pub(super) struct Ticket(Arc<Mutex<Option<Box<dyn Job>>>>);

impl Ticket {
    pub(super) fn new<T: Send + 'static>(
        job: impl FnOnce(&mut SqliteConnection) -> Result<T, Fault> + Send + 'static,
    ) -> (Self, oneshot::Receiver<Result<T, StoreError>>) {
        let (answer, answered) = oneshot::channel();
        let job: Box<dyn Job> = Box::new(Waiting {
            job: Some(job),
            outcome: None,
            answer,
        });
        (Self(Arc::new(Mutex::new(Some(job)))), answered)
    }

    /// `None`: its caller has gone.
    pub(super) fn take(&self) -> Option<Box<dyn Job>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether this was in time.
    pub(super) fn withdraw(&self) -> bool {
        self.take().is_some()
    }
}

/// First it is run, then what it wrote is committed or undone, and then it is answered.
pub(super) trait Job: Send {
    /// Whether what it wrote shall stay.
    fn run(&mut self, connection: &mut SqliteConnection) -> bool;

    /// Nobody may listen any more.
    fn answer(self: Box<Self>);

    /// What it wrote is gone, for a reason that is not its own.
    fn fail(self: Box<Self>, error: StoreError);
}

struct Waiting<T, F> {
    job: Option<F>,
    /// None when it panicked; dropping `answer` tells so.
    outcome: Option<Result<T, Fault>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Waiting<T, F>
where
    T: Send,
    F: FnOnce(&mut SqliteConnection) -> Result<T, Fault> + Send,
{
    fn run(&mut self, connection: &mut SqliteConnection) -> bool {
        if let Some(job) = self.job.take() {
            self.outcome = uncaught(|| job(connection));
        }
        matches!(self.outcome, Some(Ok(_)))
    }

    fn answer(self: Box<Self>) {
        if let Some(outcome) = self.outcome {
            let _ = self.answer.send(outcome.map_err(StoreError::from));
        }
    }

    fn fail(self: Box<Self>, error: StoreError) {
        match self.outcome {
            // Its own reason says more.
            Some(Err(fault)) => {
                let _ = self.answer.send(Err(fault.into()));
            }
            Some(Ok(_)) | None => {
                let _ = self.answer.send(Err(error));
            }
        }
    }
}

/// `None` when it panicked.
pub(super) fn uncaught<T>(job: impl FnOnce() -> T) -> Option<T> {
    let ran = catch_unwind(AssertUnwindSafe(job));
    if ran.is_err() {
        tracing::error!("a job of the store panicked");
    }
    ran.ok()
}
