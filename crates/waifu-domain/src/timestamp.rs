//! The one kind of time: UTC in whole microseconds, which every store and every wire format here keeps exactly.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::macros::{datetime, format_description};
use time::{Duration, OffsetDateTime, UtcOffset};

const EARLIEST: OffsetDateTime = datetime!(0001-01-01 00:00 UTC);
const LATEST: OffsetDateTime = datetime!(9999-12-31 23:59:59.999_999 UTC);

/// Microseconds since 1970-01-01T00:00:00Z, held within the years 1 to 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// A moment outside the years 1 to 9999 becomes the nearest one inside.
    pub fn from_unix_micros(micros: i64) -> Self {
        Self(micros.clamp(micros_of(EARLIEST), micros_of(LATEST)))
    }

    /// What is finer than a microsecond is cut off.
    pub fn from_datetime(moment: OffsetDateTime) -> Self {
        Self(micros_of(moment.clamp(EARLIEST, LATEST)))
    }

    pub const fn unix_micros(self) -> i64 {
        self.0
    }

    pub fn to_datetime(self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::microseconds(self.0)
    }

    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self::from_unix_micros(self.0.saturating_add(whole_micros(span)))
    }

    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self::from_unix_micros(self.0.saturating_sub(whole_micros(span)))
    }

    /// Negative when `earlier` is in fact later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::microseconds(self.0 - earlier.0)
    }
}

fn micros_of(moment: OffsetDateTime) -> i64 {
    let nanos = moment.unix_timestamp_nanos();
    i64::try_from(nanos.div_euclid(1_000)).expect("years 1 to 9999 fit in 64 bits of microseconds")
}

fn whole_micros(span: Duration) -> i64 {
    i64::try_from(span.whole_microseconds()).unwrap_or(if span.is_negative() {
        i64::MIN
    } else {
        i64::MAX
    })
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z"
        );
        let text = self.to_datetime().format(&format).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let moment = OffsetDateTime::parse(&text, &Rfc3339).map_err(serde::de::Error::custom)?;
        Ok(Self::from_datetime(moment.to_offset(UtcOffset::UTC)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_comes_back_from_its_text_to_the_microsecond() {
        let moment = Timestamp::from_unix_micros(1_767_636_000_123_456);
        let text = serde_json::to_string(&moment).unwrap();
        assert_eq!(text, "\"2026-01-05T18:00:00.123456Z\"");
        assert_eq!(serde_json::from_str::<Timestamp>(&text).unwrap(), moment);
    }

    #[test]
    fn arithmetic_stops_at_the_ends_of_time() {
        let last = Timestamp::from_unix_micros(i64::MAX);
        assert_eq!(last.plus(Duration::MAX), last);
        let first = Timestamp::from_unix_micros(i64::MIN);
        assert_eq!(first.minus(Duration::MAX), first);
        assert!(first < last);
    }
}
