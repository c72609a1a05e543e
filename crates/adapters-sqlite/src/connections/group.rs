//! Jobs that share a commit: what one of them wrote can be undone alone, and none is answered before all is durable.

use std::collections::VecDeque;
use std::sync::Arc;

use diesel::SqliteConnection;
use waifu_app::failpoint;

use super::job::Job;
use super::transaction::{begin, commit, in_savepoint, roll_back};
use crate::errors::{Fault, SharedFault};

/// Runs them in one transaction. Those that are left over have not been started, since the transaction was lost under
/// one before them. The second value tells whether the connection is still good.
pub(super) fn run(
    connection: &mut SqliteConnection,
    begin_sql: &str,
    jobs: Vec<Box<dyn Job>>,
) -> (Vec<Box<dyn Job>>, Result<(), Fault>) {
    let mut waiting = VecDeque::from(jobs);
    let mut done = Vec::with_capacity(waiting.len());
    failpoint::pass("group.begun");
    if let Err(fault) = begin(connection, begin_sql) {
        fail(waiting.into(), fault);
        return (Vec::new(), roll_back(connection));
    }
    // One that is alone is undone with the transaction.
    let is_alone = waiting.len() == 1;
    while let Some(mut job) = waiting.pop_front() {
        let went = if is_alone {
            if job.run(connection) {
                Ok(())
            } else {
                let undone = roll_back(connection);
                job.answer();
                return (Vec::new(), undone);
            }
        } else {
            in_savepoint(connection, |connection| job.run(connection))
        };
        done.push(job);
        if let Err(fault) = went {
            // SQLite gives up a whole transaction on some failures, such as a full disk.
            let undone = roll_back(connection);
            fail(done, fault);
            return (waiting.into(), undone);
        }
    }
    failpoint::pass("group.written");
    match commit(connection) {
        Ok(()) => {
            failpoint::pass("group.committed");
            for job in done {
                job.answer();
            }
            (Vec::new(), Ok(()))
        }
        Err(fault) => {
            let undone = roll_back(connection);
            fail(done, fault);
            (Vec::new(), undone)
        }
    }
}

fn fail(jobs: Vec<Box<dyn Job>>, fault: Fault) {
    let fault = Arc::new(fault);
    for job in jobs {
        job.fail(SharedFault(fault.clone()).into());
    }
}
