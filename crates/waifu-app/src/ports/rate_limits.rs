//! How many requests one caller may make: counted for each class of them, and for each who makes them.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use waifu_domain::ids::UserId;
use waifu_domain::timestamp::Timestamp;

#[async_trait]
pub trait RateLimits: std::fmt::Debug + Send + Sync {
    /// Counts a request, unless it is one too many. Who can't count at the moment lets it pass.
    async fn take(&self, class: RequestClass, who: Requester, now: Timestamp) -> Taken;
}

/// What a request may cost the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestClass {
    /// Works on passwords and sessions, of people whom nobody knows yet.
    Auth,
    Read,
    /// Changes something.
    Write,
    /// Can make a model speak.
    Chat,
    /// Is for operators.
    Admin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Requester {
    User(UserId),
    /// All who come from there together.
    Address(IpAddr),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// There is no limit on this class.
    Unlimited,
    Allowed(Allowance),
    Refused {
        allowance: Allowance,
        /// One more is allowed after so long.
        retry_after: Duration,
    },
}

/// What one requester may do of one class, and what is left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// So many …
    pub limit: u32,
    /// … in each span of so long.
    pub window: Duration,
    pub remaining: u32,
    /// All of them are there again after so long.
    pub reset_after: Duration,
}
