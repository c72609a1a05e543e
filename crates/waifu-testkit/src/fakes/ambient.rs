//! Time, ids and faces that a test holds still.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use async_trait::async_trait;
use time::Duration;
use uuid::Uuid;
use waifu_app::ports::clock::Clock;
use waifu_app::ports::expressions::Expressions;
use waifu_app::ports::ids::IdSource;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::Emotion;

/// Stands still until it is told to go on.
#[derive(Debug)]
pub struct SetClock {
    unix_micros: AtomicI64,
}

impl SetClock {
    pub fn at(moment: Timestamp) -> Self {
        Self {
            unix_micros: AtomicI64::new(moment.unix_micros()),
        }
    }

    pub fn advance(&self, span: Duration) {
        let moment = self.now().plus(span).unix_micros();
        self.unix_micros.store(moment, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.unix_micros.load(Ordering::SeqCst))
    }
}

/// 1, 2, 3, …
#[derive(Debug, Default)]
pub struct CountingIds {
    last: AtomicU64,
}

impl IdSource for CountingIds {
    fn new_id(&self) -> Uuid {
        let number = self.last.fetch_add(1, Ordering::SeqCst) + 1;
        Uuid::from_u128(number.into())
    }
}

/// Whatever she says.
#[derive(Debug, Clone, Copy)]
pub struct AlwaysHappy;

#[async_trait]
impl Expressions for AlwaysHappy {
    async fn read(&self, _words: &str) -> Emotion {
        Emotion::Happy
    }
}
