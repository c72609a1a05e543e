//! A connection that nobody else has, with a transaction open.

use std::sync::mpsc;

use diesel::SqliteConnection;
use tokio::sync::oneshot;
use waifu_app::ports::store::StoreError;

use super::{Lost, transaction};
use crate::errors::Fault;

pub(super) type Order = Box<dyn FnOnce(&mut SqliteConnection) + Send>;

/// Dropping it ends the lease: the thread rolls back what is still open, and only then serves the next in line.
pub(crate) struct Lease(pub(super) mpsc::Sender<Order>);

impl Lease {
    /// After a call that failed, or that was dropped before its answer, nothing more is to be run.
    pub(crate) async fn run<T: Send + 'static>(
        &mut self,
        job: impl FnOnce(&mut SqliteConnection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let order: Order = Box::new(move |connection| {
            // Nobody listens when the caller went away.
            let _ = answer.send(job(connection));
        });
        self.0.send(order).map_err(|_| Lost::Closed)?;
        Ok(answered.await.map_err(|_| Lost::Panicked)??)
    }

    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        self.run(transaction::commit).await
    }

    pub(crate) async fn roll_back(mut self) -> Result<(), StoreError> {
        self.run(transaction::roll_back).await
    }
}
