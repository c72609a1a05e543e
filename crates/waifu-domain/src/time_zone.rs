//! Where a user's days begin. The rules of all zones are compiled in, so a date is the same on every machine.

use std::fmt;

use jiff::tz::{self, TimeZoneDatabase};
use serde::{Deserialize, Serialize};
use time::{Date, Month};

use crate::timestamp::Timestamp;

/// A zone of the IANA database, such as `Europe/Berlin`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZone {
    name: String,
    rules: tz::TimeZone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the name of an IANA time zone, such as Europe/Berlin")]
pub struct NotATimeZone;

impl TimeZone {
    pub fn utc() -> Self {
        Self {
            name: "UTC".to_owned(),
            rules: tz::TimeZone::UTC,
        }
    }

    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The day on which `moment` falls here.
    pub fn date_of(&self, moment: Timestamp) -> Date {
        // Two days inside of the years 1 to 9999: no offset leads out, and the zones' rules end 26 hours early.
        let days = 2 * 86_400_000_000;
        let micros = moment.unix_micros().clamp(EARLIEST + days, LATEST - days);
        let moment = jiff::Timestamp::from_microsecond(micros).expect("years 1 to 9999");
        let here = self.rules.to_datetime(moment).date();
        let number = |part: i8| u8::try_from(part).expect("parts of a date are positive");
        let month = Month::try_from(number(here.month())).expect("1 to 12");
        Date::from_calendar_date(here.year().into(), month, number(here.day()))
            .expect("a date that exists")
    }
}

/// Where a [`Timestamp`] begins and ends, in microseconds.
const EARLIEST: i64 = -62_135_596_800_000_000;
const LATEST: i64 = 253_402_300_799_999_999;

impl Default for TimeZone {
    fn default() -> Self {
        Self::utc()
    }
}

impl TryFrom<String> for TimeZone {
    type Error = NotATimeZone;

    fn try_from(name: String) -> Result<Self, NotATimeZone> {
        if name == "UTC" {
            return Ok(Self::utc());
        }
        let rules = TimeZoneDatabase::bundled()
            .get(&name)
            .map_err(|_| NotATimeZone)?;
        let name = rules.iana_name().ok_or(NotATimeZone)?.to_owned();
        Ok(Self { name, rules })
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> Self {
        zone.name
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_where_the_user_lives() {
        // 2026-03-14T23:30:00Z.
        let moment = Timestamp::from_unix_micros(1_773_531_000_000_000);
        let day = |zone: &str| {
            let zone = TimeZone::try_from(zone.to_owned()).unwrap();
            zone.date_of(moment).to_string()
        };
        assert_eq!(day("UTC"), "2026-03-14");
        assert_eq!(day("Asia/Tokyo"), "2026-03-15");
        assert_eq!(day("America/Los_Angeles"), "2026-03-14");
    }

    #[test]
    fn the_ends_of_time_have_dates_too() {
        for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago"] {
            let zone = TimeZone::try_from(zone.to_owned()).unwrap();
            zone.date_of(Timestamp::from_unix_micros(i64::MIN));
            zone.date_of(Timestamp::from_unix_micros(i64::MAX));
        }
    }

    #[test]
    fn a_zone_that_is_none_is_refused() {
        assert_eq!(
            TimeZone::try_from("Mars/Olympus".to_owned()),
            Err(NotATimeZone)
        );
        assert_eq!(TimeZone::try_from(String::new()), Err(NotATimeZone));
    }
}
