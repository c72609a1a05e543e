//! Tokens that a model has read and written: what each user has spent of his daily budget, to which settlements add, and
//! what all of them have used.

use async_trait::async_trait;
use time::{Date, Duration};
use waifu_domain::ids::UserId;
use waifu_domain::timestamp::Timestamp;

use super::StoreError;

#[async_trait]
pub trait Spending: Send {
    /// Tokens that this user has spent on that day.
    async fn of_day(&mut self, user: UserId, day: Day) -> Result<u64, StoreError>;

    /// What he has spent on each day that is still known, oldest first.
    async fn of_user(&mut self, user: UserId) -> Result<Vec<(Day, u64)>, StoreError>;

    /// What all users have used on the days from `from` to `to`, both included, by when a run began; a day without any is
    /// left out.
    async fn usage(&mut self, from: Day, to: Day) -> Result<Vec<DayUsage>, StoreError>;

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

/// What happened on one day, of all users together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayUsage {
    pub day: Day,
    /// Who had at least one run.
    pub users: u64,
    /// Attempts at an answer, those that stream included.
    pub runs: u64,
    /// Those in which nothing was said.
    pub failed_runs: u64,
    /// As far as the provider told it.
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
}

/// A day in UTC, as the number of days since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

const MICROS: i64 = 86_400_000_000;
/// Of 1970-01-01.
const JULIAN_DAY: i32 = 2_440_588;

impl Day {
    pub fn of(moment: Timestamp) -> Self {
        let number = moment.unix_micros().div_euclid(MICROS);
        Self(i32::try_from(number).expect("years 1 to 9999 have few days"))
    }

    pub fn on(date: Date) -> Self {
        Self(date.to_julian_day() - JULIAN_DAY)
    }

    /// # Panics
    ///
    /// For a day that is not in the years 1 to 9999.
    pub fn date(self) -> Date {
        Date::from_julian_day(self.0 + JULIAN_DAY).expect("a day of the years 1 to 9999")
    }

    pub fn start(self) -> Timestamp {
        Timestamp::from_unix_micros(i64::from(self.0) * MICROS)
    }

    #[must_use]
    pub const fn after(self) -> Self {
        Self(self.0 + 1)
    }

    pub const fn numbered(number: i32) -> Self {
        Self(number)
    }

    pub const fn number(self) -> i32 {
        self.0
    }

    #[must_use]
    pub const fn before(self) -> Self {
        self.minus(1)
    }

    #[must_use]
    pub const fn minus(self, days: i32) -> Self {
        Self(self.0 - days)
    }

    /// How much of it is left.
    pub fn left(self, now: Timestamp) -> Duration {
        self.after().start().since(now).max(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn a_day_ends_at_midnight_in_utc() {
        let noon = Timestamp::from_unix_micros(20_000 * MICROS + MICROS / 2);
        let day = Day::of(noon);
        assert_eq!(day.number(), 20_000);
        assert_eq!(
            (day.date(), Day::on(day.date())),
            (date!(2024 - 10 - 04), day)
        );
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
