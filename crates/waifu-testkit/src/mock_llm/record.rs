//! What the mock remembers of its clients.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use tokio::time::Instant;

#[derive(Debug, Clone)]
pub struct RecordedRequest {
    pub at: Instant,
    /// The header's value, if there was one.
    pub authorization: Option<String>,
    pub body: Value,
}

impl RecordedRequest {
    pub const MOST_KEPT: usize = 1_000;
}

/// A client went away before its answer had ended.
#[derive(Debug, Clone, Copy)]
pub struct HangUp {
    /// Which request it had made, counted from 0 over the whole life of the mock.
    pub request: usize,
    pub at: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Record(Mutex<Account>);

#[derive(Debug, Default)]
struct Account {
    connections: usize,
    requests: VecDeque<RecordedRequest>,
    request_count: usize,
    in_flight: usize,
    most_in_flight: usize,
    hang_ups: VecDeque<HangUp>,
}

/// A request that is being answered; counted until it is dropped.
#[derive(Debug)]
pub(super) struct InFlight<'a> {
    record: &'a Record,
    number: usize,
}

impl Record {
    pub(super) fn connected(&self) {
        self.locked(|account| account.connections += 1);
    }

    pub(super) fn asked(&self, authorization: Option<String>, body: Value) -> InFlight<'_> {
        let number = self.locked(|account| {
            if account.requests.len() == RecordedRequest::MOST_KEPT {
                account.requests.pop_front();
            }
            account.requests.push_back(RecordedRequest {
                at: Instant::now(),
                authorization,
                body,
            });
            account.request_count += 1;
            account.in_flight += 1;
            account.most_in_flight = account.most_in_flight.max(account.in_flight);
            account.request_count - 1
        });
        InFlight {
            record: self,
            number,
        }
    }

    pub(super) fn requests(&self) -> Vec<RecordedRequest> {
        self.locked(|account| account.requests.iter().cloned().collect())
    }

    pub(super) fn request_count(&self) -> usize {
        self.locked(|account| account.request_count)
    }

    pub(super) fn connection_count(&self) -> usize {
        self.locked(|account| account.connections)
    }

    pub(super) fn in_flight(&self) -> usize {
        self.locked(|account| account.in_flight)
    }

    pub(super) fn most_in_flight(&self) -> usize {
        self.locked(|account| account.most_in_flight)
    }

    pub(super) fn hang_ups(&self) -> Vec<HangUp> {
        self.locked(|account| account.hang_ups.iter().copied().collect())
    }

    fn locked<T>(&self, act: impl FnOnce(&mut Account) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl InFlight<'_> {
    pub(super) fn hung_up(&self) {
        let hang_up = HangUp {
            request: self.number,
            at: Instant::now(),
        };
        self.record.locked(|account| {
            if account.hang_ups.len() == RecordedRequest::MOST_KEPT {
                account.hang_ups.pop_front();
            }
            account.hang_ups.push_back(hang_up);
        });
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.record.locked(|account| account.in_flight -= 1);
    }
}
