//! The thread of a connection.

use std::sync::{Arc, mpsc};

use diesel::SqliteConnection;
use diesel::connection::SimpleConnection;

use super::job::{Job, uncaught};
use super::lease::Lease;
use super::queue::{Grant, Next, Queue};
use super::{Connect, group, transaction};
use crate::errors::Fault;

pub(super) struct Worker {
    pub(super) connection: SqliteConnection,
    pub(super) queue: Arc<Queue>,
    pub(super) begin: &'static str,
    pub(super) at_the_end: Option<&'static str>,
    pub(super) connect: Connect,
}

impl Worker {
    /// Until the queue is closed and empty.
    pub(super) fn work(mut self) {
        while let Some(next) = self.queue.next() {
            match next {
                Next::Group(jobs) => self.run(jobs),
                Next::Lease(grant) => self.lease(grant),
            }
        }
        if let Some(last) = self.at_the_end
            && let Err(error) = self.connection.batch_execute(last)
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "failed to tidy up the store's file"
            );
        }
    }

    fn run(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        while !jobs.is_empty() {
            let (left, is_good) = group::run(&mut self.connection, self.begin, jobs);
            self.mend(&is_good);
            jobs = left;
        }
    }

    /// Serves the holder of the lease alone, until he is done or gone.
    fn lease(&mut self, grant: Grant) {
        let (sender, orders) = mpsc::channel();
        let begun = transaction::begin(&mut self.connection, self.begin);
        let lease = begun.map(|()| Lease(sender)).map_err(Into::into);
        if grant.send(lease).is_ok() {
            while let Ok(order) = orders.recv() {
                uncaught(|| order(&mut self.connection));
            }
        }
        let is_good = transaction::roll_back(&mut self.connection);
        self.mend(&is_good);
    }

    fn mend(&mut self, is_good: &Result<(), Fault>) {
        if is_good.is_ok() {
            return;
        }
        match (self.connect)() {
            Ok(fresh) => self.connection = fresh,
            // Its transactions fail until the next one has more luck.
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                "failed to replace a broken connection"
            ),
        }
    }
}
