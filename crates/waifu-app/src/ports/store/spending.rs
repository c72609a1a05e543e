//! What users have spent of their daily budgets: tokens that a model has read and written for them. Settlements add to it.

use async_trait::async_trait;
use time::Duration;
use waifu_domain::ids::UserId;
use waifu_domain::timestamp::Timestamp;

use super::StoreError;

#[async_trait]
pub trait Spending: Send {
    /// Tokens that this user has spent on that day.
    async fn of_day(&mut self, user: UserId, day: Day) -> Result<u64, StoreError>;

    /// Forgets at most `limit` counts of the days before that one, and says how many.
    async fn forget_before(&mut self, day: Day, limit: u32) -> Result<u64, StoreError>;
}

/// What a settled run adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    pub user_id: UserId,
    pub day: Day,
    pub tokens: u32,
}

/// A day in UTC, as the number of days since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

const MICROS: i64 = 86_400_000_000;

impl Day {
    pub fn of(moment: Timestamp) -> Self {
        let number = moment.unix_micros().div_euclid(MICROS);
        Self(i32::try_from(number).expect("years 1 to 9999 have few days"))
    }

    pub const fn number(self) -> i32 {
        self.0
    }

    #[must_use]
    pub const fn before(self) -> Self {
        Self(self.0 - 1)
    }

    /// How much of it is left.
    pub fn left(self, now: Timestamp) -> Duration {
        let midnight = Timestamp::from_unix_micros((i64::from(self.0) + 1) * MICROS);
        midnight.since(now).max(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_in_utc() {
        let noon = Timestamp::from_unix_micros(20_000 * MICROS + MICROS / 2);
        let day = Day::of(noon);
        assert_eq!(day.number(), 20_000);
        assert_eq!(day.left(noon), Duration::hours(12));
        let last = noon.plus(Duration::hours(12)).minus(Duration::MICROSECOND);
        assert_eq!(
            (Day::of(last), day.left(last)),
            (day, Duration::MICROSECOND)
        );
        assert_eq!(Day::of(last.plus(Duration::MICROSECOND)).before(), day);
        assert_eq!(
            day.left(noon.plus(Duration::hours(13))),
            Duration::ZERO,
            "a day that is over has nothing left"
        );
    }
}
