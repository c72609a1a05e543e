//! Connections on threads of their own. An async caller leases one, sends it closures and awaits their answers;
//! dropping what awaits blocks nobody, and cleans up behind itself before the next job.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use diesel::SqliteConnection;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use waifu_app::ports::store::StoreError;

use crate::errors::Fault;

type Job = Box<dyn FnOnce(&mut SqliteConnection) + Send>;

/// Opens the connection of a thread, and opens it again should it break.
pub(crate) type Connect = Arc<dyn Fn() -> diesel::ConnectionResult<SqliteConnection> + Send + Sync>;

/// Connections that are alike: the one that writes, or those that read.
pub(crate) struct Lane {
    begin: &'static str,
    patience: Duration,
    /// One for each idle worker, or for one that is about to be.
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Worker>>,
}

/// The orders of one thread. Few can wait here: a lease sends one job at a time, and a last order when it ends;
/// and one of which a job was dropped is not sent another.
struct Worker(mpsc::Sender<Order>);

enum Order {
    Run(Job),
    /// Ends what the last lease left open; only then may the next one start.
    Tidy(OwnedSemaphorePermit),
}

impl Lane {
    /// `begin` starts a transaction. A caller waits at most `patience` for a free connection. The threads keep
    /// `held` until they have closed theirs.
    pub(crate) fn open(
        name: &str,
        size: usize,
        begin: &'static str,
        patience: Duration,
        connect: &Connect,
        held: &Arc<dyn std::any::Any + Send + Sync>,
    ) -> Result<Arc<Self>, LaneError> {
        let mut idle = Vec::with_capacity(size);
        for number in 0..size {
            let connection = connect()?;
            let (sender, orders) = mpsc::channel();
            let (connect, held) = (connect.clone(), held.clone());
            thread::Builder::new()
                .name(format!("sqlite-{name}-{number}"))
                .spawn(move || {
                    work(connection, &orders, &connect);
                    drop(held);
                })?;
            idle.push(Worker(sender));
        }
        Ok(Arc::new(Self {
            begin,
            patience,
            permits: Arc::new(Semaphore::new(size)),
            idle: Mutex::new(idle),
        }))
    }

    /// A whole transaction in one job: once sent it is finished, whether or not anybody awaits it.
    pub(crate) async fn transact<T: Send + 'static>(
        self: &Arc<Self>,
        job: impl FnOnce(&mut SqliteConnection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let begin = self.begin;
        let mut lease = self.lease().await?;
        lease
            .run(move |connection| {
                AnsiTransactionManager::begin_transaction_sql(connection, begin)?;
                match job(connection) {
                    Ok(value) => {
                        commit(connection)?;
                        Ok(value)
                    }
                    Err(fault) => {
                        // What went wrong says more, and the lease is tidied up after any failure.
                        let _ = roll_back(connection);
                        Err(fault)
                    }
                }
            })
            .await
    }

    /// A transaction that its holder ends.
    pub(crate) async fn begin(self: &Arc<Self>) -> Result<Lease, StoreError> {
        let begin = self.begin;
        let mut lease = self.lease().await?;
        lease.is_open = true;
        lease
            .run(move |connection| {
                Ok(AnsiTransactionManager::begin_transaction_sql(
                    connection, begin,
                )?)
            })
            .await?;
        Ok(lease)
    }

    async fn lease(self: &Arc<Self>) -> Result<Lease, StoreError> {
        let permit = self.permits.clone().acquire_owned();
        let permit = tokio::time::timeout(self.patience, permit)
            .await
            .map_err(|_| StoreError::Unavailable(Lost::Overloaded(self.patience).into()))?
            .expect("the permits are never closed");
        let worker = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
            .expect("there are no more permits than idle workers");
        Ok(Lease {
            worker: Some(worker),
            permit: Some(permit),
            is_open: false,
            is_unsure: false,
            lane: self.clone(),
        })
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane")
            .field("begin", &self.begin)
            .field("free", &self.permits.available_permits())
            .finish_non_exhaustive()
    }
}

/// A connection that nobody else has.
pub(crate) struct Lease {
    worker: Option<Worker>,
    permit: Option<OwnedSemaphorePermit>,
    /// A transaction has been begun.
    is_open: bool,
    /// A job is under way, or failed: who knows what it left.
    is_unsure: bool,
    lane: Arc<Lane>,
}

impl Lease {
    /// After a call that failed, or that was dropped before its answer, nothing more is to be run.
    pub(crate) async fn run<T: Send + 'static>(
        &mut self,
        job: impl FnOnce(&mut SqliteConnection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // Nobody listens when the caller went away.
            let _ = answer.send(job(connection));
        });
        self.is_unsure = true;
        let worker = self.worker.as_ref().expect("a lease holds its worker");
        worker
            .0
            .send(Order::Run(job))
            .map_err(|_| StoreError::Unavailable(Lost::NoThread.into()))?;
        let result = answered
            .await
            .map_err(|_| StoreError::Failed(Lost::Panicked.into()))?;
        self.is_unsure = result.is_err();
        Ok(result?)
    }

    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        self.run(commit).await?;
        self.is_open = false;
        Ok(())
    }

    pub(crate) async fn roll_back(mut self) -> Result<(), StoreError> {
        self.run(roll_back).await?;
        self.is_open = false;
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (Some(worker), Some(permit)) = (self.worker.take(), self.permit.take()) else {
            return;
        };
        let mut unused = None;
        if self.is_open || self.is_unsure {
            // A thread that is gone has nothing to tidy up.
            let _ = worker.0.send(Order::Tidy(permit));
        } else {
            unused = Some(permit);
        }
        self.lane
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(worker);
        // Only now, so that whoever gets it finds the worker.
        drop(unused);
    }
}

fn work(mut connection: SqliteConnection, orders: &mpsc::Receiver<Order>, connect: &Connect) {
    while let Ok(order) = orders.recv() {
        match order {
            Order::Run(job) => {
                let ran = catch_unwind(AssertUnwindSafe(|| job(&mut connection)));
                if ran.is_err() {
                    tracing::error!("a job of the store panicked");
                }
            }
            Order::Tidy(permit) => {
                if roll_back(&mut connection).is_err() {
                    match connect() {
                        Ok(fresh) => connection = fresh,
                        // Its transactions fail until the next order to tidy up has more luck.
                        Err(error) => tracing::error!(
                            error = &error as &dyn std::error::Error,
                            "failed to replace a broken connection"
                        ),
                    }
                }
                drop(permit);
            }
        }
    }
}

fn commit(connection: &mut SqliteConnection) -> Result<(), Fault> {
    Ok(AnsiTransactionManager::commit_transaction(connection)?)
}

/// Fine with there being nothing to roll back.
fn roll_back(connection: &mut SqliteConnection) -> Result<(), Fault> {
    let status = AnsiTransactionManager::transaction_manager_status_mut(connection);
    if status.transaction_depth()?.is_some() {
        AnsiTransactionManager::rollback_transaction(connection)?;
    }
    Ok(())
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
    #[error("the connection's thread is gone")]
    NoThread,
    #[error("the job panicked")]
    Panicked,
}

#[cfg(test)]
mod tests;
