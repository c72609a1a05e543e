//! How she is: what a character card holds has a home here or in the kept `extensions`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::Date;
use time::util::is_leap_year;

use super::Percent;
use crate::slug::Slug;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Personality {
    /// A word for her kind, such as `tsundere` or `gentle`.
    pub archetype: String,
    pub description: String,
    pub traits: BTreeMap<String, Percent>,
    /// What delights her, by tag.
    pub likes: BTreeMap<Slug, Weight>,
    pub dislikes: BTreeMap<Slug, Weight>,
    pub speech_style: SpeechStyle,
    pub background: String,
    pub scenario: String,
    /// The first is hers; the others are alternates.
    pub greetings: Vec<String>,
    pub example_dialogues: Vec<String>,
    pub system_prompt: String,
    pub post_history_instructions: String,
    pub birthday: Option<MonthDay>,
    /// Keys that nobody here knows: kept, and given back unchanged.
    #[serde(flatten)]
    pub extensions: Map<String, Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpeechStyle {
    pub description: String,
    /// Words of her own that she comes back to.
    pub phrases: Vec<String>,
    #[serde(flatten)]
    pub extensions: Map<String, Value>,
}

/// How much a tag matters to her, 1 to 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Weight(u8);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1, 2 or 3")]
pub struct NotAWeight;

impl Weight {
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Weight {
    type Error = NotAWeight;

    fn try_from(weight: u8) -> Result<Self, NotAWeight> {
        if (1..=3).contains(&weight) {
            Ok(Self(weight))
        } else {
            Err(NotAWeight)
        }
    }
}

impl From<Weight> for u8 {
    fn from(weight: Weight) -> Self {
        weight.0
    }
}

/// A day that comes every year; 29 February exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "MonthDayDraft", into = "MonthDayDraft")]
pub struct MonthDay {
    month: time::Month,
    day: u8,
}

impl MonthDay {
    pub fn new(month: u8, day: u8) -> Result<Self, NotAMonthDay> {
        let month = time::Month::try_from(month).map_err(|_| NotAMonthDay)?;
        // 2024 is a leap year.
        if day >= 1 && day <= month.length(2024) {
            Ok(Self { month, day })
        } else {
            Err(NotAMonthDay)
        }
    }

    pub fn of(date: Date) -> Self {
        Self {
            month: date.month(),
            day: date.day(),
        }
    }

    pub fn month(self) -> u8 {
        self.month.into()
    }

    pub fn day(self) -> u8 {
        self.day
    }

    /// Whether `date` is this day of its year; 29 February is 28 February in a common year.
    pub fn falls_on(self, date: Date) -> bool {
        let leap_day = (time::Month::February, 29);
        let day = if (self.month, self.day) == leap_day && !is_leap_year(date.year()) {
            28
        } else {
            self.day
        };
        (date.month(), date.day()) == (self.month, day)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a month of 1 to 12 and a day that it has")]
pub struct NotAMonthDay;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MonthDayDraft {
    month: u8,
    day: u8,
}

impl TryFrom<MonthDayDraft> for MonthDay {
    type Error = NotAMonthDay;

    fn try_from(draft: MonthDayDraft) -> Result<Self, NotAMonthDay> {
        Self::new(draft.month, draft.day)
    }
}

impl From<MonthDay> for MonthDayDraft {
    fn from(day: MonthDay) -> Self {
        Self {
            month: day.month(),
            day: day.day,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unknown_keys_come_back_unchanged() {
        let given = json!({
            "archetype": "gentle",
            "speech_style": {"phrases": ["my, my"], "pitch": 3},
            "favourite_colour": "teal",
            "nested": {"a": [1, {"b": null}]},
        });
        let personality: Personality = serde_json::from_value(given).unwrap();
        let back = serde_json::to_value(&personality).unwrap();
        assert_eq!(back["favourite_colour"], "teal");
        assert_eq!(back["nested"], json!({"a": [1, {"b": null}]}));
        assert_eq!(back["speech_style"]["pitch"], 3);
    }

    #[test]
    fn the_leap_day_is_the_28th_of_february_in_a_common_year() {
        let day = MonthDay::new(2, 29).unwrap();
        let date = |year, day| Date::from_calendar_date(year, time::Month::February, day).unwrap();
        assert!(day.falls_on(date(2028, 29)) && !day.falls_on(date(2028, 28)));
        assert!(day.falls_on(date(2026, 28)) && !day.falls_on(date(2026, 27)));
    }

    #[test]
    fn a_birthday_is_a_day_that_its_month_has() {
        assert!(MonthDay::new(2, 29).is_ok());
        assert!(MonthDay::new(2, 30).is_err());
        assert!(MonthDay::new(13, 1).is_err());
        assert!(MonthDay::new(4, 0).is_err());
    }
}
