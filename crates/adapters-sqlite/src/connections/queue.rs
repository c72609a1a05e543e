//! Who is next on the connections of a lane.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use waifu_app::ports::store::StoreError;

use super::Lost;
use super::job::{Job, Ticket};
use super::lease::Lease;

/// How a lease reaches the one who waits for it.
pub(super) type Grant = oneshot::Sender<Result<Lease, StoreError>>;

pub(super) struct Queue {
    at_once: usize,
    waiting: Mutex<Waiting>,
    has_more: Condvar,
}

/// Jobs and leases are served in turns, each in their order, so that neither starves the other: before a job comes at
/// most one lease that waits and one group, and before a lease as many groups as there are leases before it.
#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Ticket>,
    requests: VecDeque<Grant>,
    is_lease_next: bool,
    is_closed: bool,
}

pub(super) enum Next {
    /// Never empty.
    Group(Vec<Box<dyn Job>>),
    Lease(Grant),
}

impl Queue {
    pub(super) fn new(at_once: usize) -> Self {
        Self {
            at_once,
            waiting: Mutex::default(),
            has_more: Condvar::new(),
        }
    }

    pub(super) fn push_job(&self, job: Ticket) -> Result<(), Lost> {
        let mut waiting = self.open()?;
        waiting.jobs.push_back(job);
        self.has_more.notify_one();
        Ok(())
    }

    pub(super) fn push_request(&self, grant: Grant) -> Result<(), Lost> {
        let mut waiting = self.open()?;
        waiting.requests.push_back(grant);
        self.has_more.notify_one();
        Ok(())
    }

    /// Jobs that wait are done yet. Who waits for a lease is refused, since nobody knows how long he would hold it.
    pub(super) fn close(&self) {
        let mut waiting = self.lock();
        waiting.is_closed = true;
        waiting.requests.clear();
        self.has_more.notify_all();
    }

    /// Blocks until there is something to do; `None` when there never will be.
    pub(super) fn next(&self) -> Option<Next> {
        let mut waiting = self.lock();
        loop {
            if let Some(next) = waiting.next(self.at_once) {
                return Some(next);
            }
            if waiting.is_closed {
                return None;
            }
            waiting = self
                .has_more
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn open(&self) -> Result<MutexGuard<'_, Waiting>, Lost> {
        let waiting = self.lock();
        if waiting.is_closed {
            Err(Lost::Closed)
        } else {
            Ok(waiting)
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn next(&mut self, at_once: usize) -> Option<Next> {
        let first = self.is_lease_next;
        let next = if first {
            self.lease().or_else(|| self.group(at_once))
        } else {
            self.group(at_once).or_else(|| self.lease())
        };
        self.is_lease_next = matches!(next, Some(Next::Group(_)));
        next
    }

    /// All that wait by now, within the bound: what queues up meanwhile is the next group.
    fn group(&mut self, at_once: usize) -> Option<Next> {
        let mut group = Vec::with_capacity(self.jobs.len().min(at_once));
        while group.len() < at_once
            && let Some(ticket) = self.jobs.pop_front()
        {
            group.extend(ticket.take());
        }
        (!group.is_empty()).then_some(Next::Group(group))
    }

    fn lease(&mut self) -> Option<Next> {
        while let Some(grant) = self.requests.pop_front() {
            if !grant.is_closed() {
                return Some(Next::Lease(grant));
            }
        }
        None
    }
}
