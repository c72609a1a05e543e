//! How much one caller may do: requests are counted by class, for their user and for the address that they come from.

pub mod classes;
mod counts;
pub mod documented;
pub mod http;
pub mod told;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use waifu_app::ports::clock::Clock;
use waifu_app::ports::rate_limits::{RateLimits, RequestClass, Requester, Taken};
use waifu_domain::ids::UserId;

use crate::problem::{Code, Problem};
use crate::settings::LimitSettings;
use counts::Counts;
use told::Told;

/// Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Limits {
    counts: Arc<dyn RateLimits>,
    clock: Arc<dyn Clock>,
}

/// One request too many.
#[derive(Debug, Clone, Copy)]
pub struct Refused {
    pub told: Told,
    pub retry_after: Duration,
}

impl Limits {
    /// Counted in this process.
    pub fn in_process(settings: &LimitSettings, clock: Arc<dyn Clock>) -> Self {
        Self {
            counts: Arc::new(Counts::new(settings)),
            clock,
        }
    }

    /// Counts a request of somebody who is known. What he is told is about him, unless it is his address that is full:
    /// who has many accounts is one there. `None`: there is nothing to tell.
    pub async fn take(
        &self,
        class: RequestClass,
        user: UserId,
        address: IpAddr,
    ) -> Result<Option<Told>, Refused> {
        if class == RequestClass::Auth {
            return self.take_from(class, address).await;
        }
        let told = self.count(class, Requester::User(user)).await?;
        self.count(class, Requester::Address(address)).await?;
        Ok(told)
    }

    /// Counts a request of somebody who need not be known.
    pub async fn take_from(
        &self,
        class: RequestClass,
        address: IpAddr,
    ) -> Result<Option<Told>, Refused> {
        self.count(class, Requester::Address(address)).await
    }

    async fn count(&self, class: RequestClass, who: Requester) -> Result<Option<Told>, Refused> {
        let told = |allowance| Told::new(class, who, allowance);
        match self.counts.take(class, who, self.clock.now()).await {
            Taken::Unlimited => Ok(None),
            Taken::Allowed(allowance) => Ok(Some(told(allowance))),
            Taken::Refused {
                allowance,
                retry_after,
            } => Err(Refused {
                told: told(allowance),
                retry_after,
            }),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let Told {
            policy, allowance, ..
        } = refused.told;
        let detail = format!(
            "more than {} requests of the class {policy:?} in {} seconds",
            allowance.limit,
            allowance.window.as_secs()
        );
        Self::new(Code::RateLimited, detail).after(refused.retry_after)
    }
}
