//! Connections on threads of their own. An async caller sends a job, or leases a connection and sends it closures, and
//! awaits the answers; dropping what awaits blocks nobody, and is cleaned up behind before the next in line.

mod ending;
mod group;
mod job;
mod lease;
mod queue;
mod transaction;
mod worker;

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use diesel::SqliteConnection;
use tokio::sync::oneshot;
use tokio::time::timeout;
use waifu_app::ports::store::StoreError;

pub(crate) use ending::Ending;
pub(crate) use lease::Lease;

use crate::errors::Fault;
use job::Ticket;
use queue::Queue;
use worker::Worker;

/// Opens the connection of a thread, and opens it again should it break.
pub(crate) type Connect = Arc<dyn Fn() -> diesel::ConnectionResult<SqliteConnection> + Send + Sync>;

/// Connections that are alike: the one that writes, or those that read.
pub(crate) struct Lane {
    patience: Duration,
    queue: Arc<Queue>,
}

/// What the threads of a lane have in common.
pub(crate) struct LaneOptions {
    pub(crate) name: &'static str,
    /// How many threads.
    pub(crate) size: usize,
    /// Starts a transaction.
    pub(crate) begin: &'static str,
    /// So many jobs share a commit at most.
    pub(crate) at_once: usize,
    /// What a thread does before it closes its connection.
    pub(crate) at_the_end: Option<&'static str>,
    /// How long a caller waits for his turn.
    pub(crate) patience: Duration,
    pub(crate) connect: Connect,
    /// Kept until the threads have closed their connections.
    pub(crate) held: Arc<dyn Any + Send + Sync>,
}

impl Lane {
    pub(crate) fn open(options: &LaneOptions, ending: &Ending) -> Result<Self, LaneError> {
        // Dropped on a failure, this lets go of the threads that have been started.
        let lane = Self {
            patience: options.patience,
            queue: Arc::new(Queue::new(options.at_once)),
        };
        for number in 0..options.size {
            let worker = Worker {
                connection: (options.connect)()?,
                queue: lane.queue.clone(),
                begin: options.begin,
                at_the_end: options.at_the_end,
                connect: options.connect.clone(),
            };
            let (held, alive) = (options.held.clone(), ending.of_one_more());
            thread::Builder::new()
                .name(format!("sqlite-{}-{number}", options.name))
                .spawn(move || {
                    worker.work();
                    drop(held);
                    drop(alive);
                })?;
        }
        Ok(lane)
    }

    /// A whole transaction in one job, which may share its commit with others: what it wrote is durable, or undone,
    /// before it is answered. Once started it is finished, whether or not anybody awaits it; dropped before, it is not
    /// started.
    pub(crate) async fn transact<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut SqliteConnection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (ticket, mut answered) = Ticket::new(job);
        self.queue.push_job(ticket.clone())?;
        let ticket = WithdrawnOnDrop(ticket);
        let answer = match timeout(self.patience, &mut answered).await {
            Ok(answer) => answer,
            Err(_) if ticket.0.withdraw() => return Err(self.overloaded()),
            // It has been started.
            Err(_) => answered.await,
        };
        answer.map_err(|_| StoreError::Failed(Lost::Panicked.into()))?
    }

    /// A transaction that its holder ends; nobody else uses the connection until then.
    pub(crate) async fn begin(&self) -> Result<Lease, StoreError> {
        let (grant, granted) = oneshot::channel();
        self.queue.push_request(grant)?;
        match timeout(self.patience, granted).await {
            Ok(Ok(lease)) => lease,
            // The lane was closed in between.
            Ok(Err(_)) => Err(Lost::Closed.into()),
            Err(_) => Err(self.overloaded()),
        }
    }

    /// What is queued is finished, what comes is refused, and the threads end.
    pub(crate) fn close(&self) {
        self.queue.close();
    }

    fn overloaded(&self) -> StoreError {
        Lost::Overloaded(self.patience).into()
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane")
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// Who stops waiting takes back what has not been started.
struct WithdrawnOnDrop(Ticket);

impl Drop for WithdrawnOnDrop {
    fn drop(&mut self) {
        self.0.withdraw();
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum LaneError {
    #[error(transparent)]
    Connect(#[from] diesel::ConnectionError),
    #[error(transparent)]
    Spawn(#[from] std::io::Error),
}

/// Why a job has no answer.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("no connection was free within {0:?}")]
    Overloaded(Duration),
    #[error("the store is closed")]
    Closed,
    #[error("the job panicked")]
    Panicked,
}

impl From<Lost> for StoreError {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Overloaded(_) | Lost::Closed => Self::Unavailable(lost.into()),
            Lost::Panicked => Self::Failed(lost.into()),
        }
    }
}

#[cfg(test)]
mod tests;
