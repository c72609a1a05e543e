//! The page itself: its list of who she is, and its table.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde_json::Value;
use time::Duration;
use waifu_domain::timestamp::Timestamp;

pub(crate) const PAGE: &str = include_str!("../../../../docs/a-month.md");

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Line {
    /// All cells, however they are padded.
    pub(crate) text: String,
    pub(crate) day: &'static str,
    pub(crate) time: &'static str,
    pub(crate) act: &'static str,
}

impl Line {
    pub(crate) fn now(&self) -> Timestamp {
        let (hour, minute) = self.time.split_once(':').expect("hours and minutes");
        first_day()
            .plus(Duration::days(number::<i64>(self.day) - 1))
            .plus(Duration::hours(number(hour)) + Duration::minutes(number(minute)))
    }
}

pub(crate) fn lines() -> Vec<Line> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| "));
    let line = |row: &'static str| {
        let row = row.trim_start_matches('|').trim_end_matches('|');
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [day, time, act, ..] = cells[..] else {
            panic!("a row of eight cells, not {row}");
        };
        Line {
            text: cells.join(" | "),
            day,
            time,
            act,
        }
    };
    // The first is the head.
    rows.skip(1).map(line).collect()
}

/// The names and numbers of one item of the list, as the documents of a companion hold them.
pub(crate) fn item<T: DeserializeOwned>(name: &str) -> T {
    let start = format!("- **{name}:** ");
    let item = PAGE.lines().find_map(|line| line.strip_prefix(&start));
    let pairs = item.expect("an item of the list").split(", ");
    let pairs: BTreeMap<&str, Value> = pairs
        .map(|pair| {
            let (name, points) = pair.split_once(' ').expect("a name and a number");
            (name, number::<u8>(points).into())
        })
        .collect();
    serde_json::from_value(serde_json::json!(pairs)).expect("names that there are")
}

/// 2026-03-01T00:00:00Z.
pub(crate) fn first_day() -> Timestamp {
    Timestamp::from_unix_micros(1_772_323_200_000_000)
}

pub(crate) fn number<T: FromStr>(text: &str) -> T {
    let number = text.parse().ok();
    number.unwrap_or_else(|| panic!("{text:?} is no number"))
}
