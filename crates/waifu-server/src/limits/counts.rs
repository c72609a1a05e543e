//! Requests as they are counted in one process, in a bounded memory.
//!
//! Each count is a bucket that holds a burst and fills up steadily. Of it one moment is kept, that at which it will be
//! full: one that is full is as if it had never been there, and can be forgotten.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use waifu_app::ports::rate_limits::{Allowance, RateLimits, RequestClass, Requester, Taken};
use waifu_domain::timestamp::Timestamp;

use crate::settings::{ClassSettings, LimitSettings};

/// Parts that are locked apart.
const PARTS: usize = 16;
/// Of each part; some megabytes in all.
const MOST_COUNTS: usize = 8_192;
const SECOND: u64 = 1_000_000;
const MINUTE: i64 = 60_000_000;

#[derive(Debug)]
pub(super) struct Counts {
    settings: LimitSettings,
    parts: [Mutex<Part>; PARTS],
    hasher: RandomState,
}

type Key = (RequestClass, Requester);

/// When each bucket will be full, in microseconds.
#[derive(Debug, Default)]
struct Part(HashMap<Key, i64>);

/// How large a bucket is, and how fast it fills; times in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bucket {
    burst: u32,
    for_one: i64,
}

impl Counts {
    pub(super) fn new(settings: &LimitSettings) -> Self {
        Self {
            settings: settings.clone(),
            parts: Default::default(),
            hasher: RandomState::new(),
        }
    }

    /// `None`: there is no limit.
    fn bucket(&self, class: RequestClass, who: Requester) -> Option<Bucket> {
        let ClassSettings { per_minute, burst } = self.settings.of(class);
        let factor = match (class, who) {
            // There nobody is known: the limit itself is that of an address.
            (RequestClass::Auth, _) | (_, Requester::User(_)) => 1,
            (_, Requester::Address(_)) => self.settings.address_factor,
        };
        let per_minute = i64::from(per_minute) * i64::from(factor);
        (per_minute > 0).then(|| Bucket {
            burst: burst.saturating_mul(factor),
            for_one: (MINUTE / per_minute).max(1),
        })
    }

    fn part(&self, key: &Key) -> &Mutex<Part> {
        let hash = self.hasher.hash_one(key);
        let index = hash % PARTS as u64;
        &self.parts[usize::try_from(index).expect("there are few parts")]
    }
}

#[async_trait]
impl RateLimits for Counts {
    async fn take(&self, class: RequestClass, who: Requester, now: Timestamp) -> Taken {
        let Some(bucket) = self.bucket(class, who) else {
            return Taken::Unlimited;
        };
        let key = (class, who);
        let part = self.part(&key).lock();
        let mut part = part.unwrap_or_else(PoisonError::into_inner);
        part.take(key, bucket, now.unix_micros())
    }
}

impl Bucket {
    /// How long an empty one takes to fill.
    fn whole(self) -> i64 {
        i64::from(self.burst) * self.for_one
    }

    /// What is left of one that needs so long until it is full.
    fn allowance(self, until_full: i64) -> Allowance {
        let left = (self.whole() - until_full) / self.for_one;
        Allowance {
            limit: self.burst,
            window: Duration::from_secs(self.whole().unsigned_abs().div_ceil(SECOND)),
            remaining: u32::try_from(left).unwrap_or(0),
            reset_after: micros(until_full),
        }
    }
}

impl Part {
    fn take(&mut self, key: Key, bucket: Bucket, now: i64) -> Taken {
        let full_at = self.0.get(&key).copied().unwrap_or(now);
        // A clock that was set back keeps nobody out for longer than an empty bucket does.
        let until_full = (full_at - now).clamp(0, bucket.whole());
        let then = until_full + bucket.for_one;
        if then > bucket.whole() {
            return Taken::Refused {
                allowance: bucket.allowance(until_full),
                retry_after: micros(then - bucket.whole()),
            };
        }
        if self.0.len() == MOST_COUNTS && !self.0.contains_key(&key) {
            self.make_room(now);
        }
        self.0.insert(key, now + then);
        Taken::Allowed(bucket.allowance(then))
    }

    /// Full buckets go; where that is not enough, those that would be full first.
    fn make_room(&mut self, now: i64) {
        self.0.retain(|_, full_at| *full_at > now);
        if self.0.len() > MOST_COUNTS / 2 {
            let mut moments: Vec<i64> = self.0.values().copied().collect();
            let middle = moments.len() / 2;
            let (_, middle, _) = moments.select_nth_unstable(middle);
            let middle = *middle;
            self.0.retain(|_, full_at| *full_at > middle);
        }
    }
}

fn micros(count: i64) -> Duration {
    Duration::from_micros(count.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use uuid::Uuid;

    use super::*;

    const BUCKET: Bucket = Bucket {
        burst: 3,
        for_one: 2_000_000,
    };

    fn settings(per_minute: u32, burst: u32) -> LimitSettings {
        let class = ClassSettings { per_minute, burst };
        LimitSettings {
            auth: class,
            read: class,
            write: class,
            chat: class,
            admin: class,
            address_factor: 10,
            tokens_per_user_and_day: 0,
        }
    }

    fn user(n: u128) -> Requester {
        Requester::User(Uuid::from_u128(n).into())
    }

    fn address(n: u8) -> Requester {
        Requester::Address(IpAddr::from(Ipv4Addr::new(192, 0, 2, n)))
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_unix_micros(1_767_636_000_000_000 + micros)
    }

    #[track_caller]
    fn left(taken: Taken) -> u32 {
        match taken {
            Taken::Allowed(allowance) => allowance.remaining,
            Taken::Refused { .. } | Taken::Unlimited => panic!("expected a yes, found {taken:?}"),
        }
    }

    #[tokio::test]
    async fn a_burst_is_allowed_and_then_as_much_as_comes_back() {
        let counts = Counts::new(&settings(30, 3));
        let take = |micros| counts.take(RequestClass::Chat, user(1), at(micros));
        assert_eq!(left(take(0).await), 2);
        assert_eq!(left(take(0).await), 1);
        let last = take(500_000).await;
        let allowance = Allowance {
            limit: 3,
            window: Duration::from_secs(6),
            remaining: 0,
            reset_after: Duration::from_millis(5_500),
        };
        assert_eq!(last, Taken::Allowed(allowance));
        let refused = Taken::Refused {
            allowance,
            retry_after: Duration::from_millis(1_500),
        };
        for _ in 0..10 {
            assert_eq!(take(500_000).await, refused, "a no costs nothing");
        }
        assert_eq!(left(take(2_000_000).await), 0, "just in time");
        assert!(matches!(take(3_999_999).await, Taken::Refused { .. }));
        assert_eq!(left(take(60_000_000).await), 2, "it is full, and no fuller");
    }

    #[tokio::test]
    async fn nobody_takes_what_is_anothers_and_no_class_what_is_anothers() {
        let counts = Counts::new(&settings(30, 1));
        let take = |class, who| counts.take(class, who, at(0));
        assert_eq!(left(take(RequestClass::Chat, user(1)).await), 0);
        let again = take(RequestClass::Chat, user(1)).await;
        assert!(matches!(again, Taken::Refused { .. }));
        assert_eq!(left(take(RequestClass::Chat, user(2)).await), 0);
        assert_eq!(left(take(RequestClass::Read, user(1)).await), 0);
        assert_eq!(left(take(RequestClass::Auth, address(1)).await), 0);
        assert_eq!(left(take(RequestClass::Auth, address(2)).await), 0);
    }

    #[tokio::test]
    async fn an_address_has_some_times_as_much_as_a_user_but_where_nobody_is_known() {
        let counts = Counts::new(&settings(30, 3));
        let of_chat = counts.take(RequestClass::Chat, address(1), at(0)).await;
        assert_eq!(left(of_chat), 29);
        let of_auth = counts.take(RequestClass::Auth, address(1), at(0)).await;
        assert_eq!(left(of_auth), 2);
    }

    #[tokio::test]
    async fn nothing_a_minute_is_no_limit() {
        let counts = Counts::new(&settings(0, 3));
        for who in [user(1), address(1)] {
            let taken = counts.take(RequestClass::Chat, who, at(0)).await;
            assert_eq!(taken, Taken::Unlimited);
        }
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_nobody_out_for_long() {
        let mut part = Part::default();
        let key = (RequestClass::Chat, user(1));
        let later = 3_600_000_000;
        for _ in 0..3 {
            left(part.take(key, BUCKET, later));
        }
        let Taken::Refused { retry_after, .. } = part.take(key, BUCKET, 0) else {
            panic!("the bucket is empty");
        };
        assert_eq!(retry_after, Duration::from_secs(2));
    }

    #[test]
    fn counts_are_bounded_and_who_has_taken_most_is_remembered_longest() {
        let mut part = Part::default();
        let chat = |n| (RequestClass::Chat, user(n));
        let greedy = chat(0);
        for _ in 0..3 {
            left(part.take(greedy, BUCKET, 0));
        }
        for n in 1..=3 * MOST_COUNTS as u128 {
            left(part.take(chat(n), BUCKET, 0));
            assert!(part.0.len() <= MOST_COUNTS);
        }
        let refused = part.take(greedy, BUCKET, 0);
        assert!(matches!(refused, Taken::Refused { .. }), "{refused:?}");
        // All of them are full by then.
        part.make_room(10_000_000);
        assert_eq!(part.0.len(), 0);
    }
}
