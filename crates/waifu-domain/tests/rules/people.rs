//! Companions of any character, and people of any age who live anywhere.

use std::collections::BTreeMap;

use proptest::prelude::*;
use time::{Date, Month};
use waifu_domain::slug::Slug;
use waifu_domain::time_zone::TimeZone;
use waifu_domain::user::{AgeGroup, DisplayName, Person};
use waifu_domain::waifu::{
    Appearance, MonthDay, Percent, Personality, Stats, WaifuProfile, Weight,
};

/// Few enough for likes and dislikes to meet in one entry.
pub(crate) const TAGS: [&str; 4] = ["sweets", "books", "flowers", "horror"];

/// Whole and half hours to both sides, and one with summer time.
const ZONES: [&str; 6] = [
    "UTC",
    "Europe/Berlin",
    "Asia/Tokyo",
    "Asia/Kolkata",
    "America/Los_Angeles",
    "Pacific/Kiritimati",
];

pub(crate) fn slug(text: &str) -> Slug {
    text.parse().expect("a slug")
}

pub(crate) fn zone(name: &str) -> TimeZone {
    TimeZone::try_from(name.to_owned()).expect("a time zone")
}

pub(crate) fn day(month: u8, day: u8) -> MonthDay {
    MonthDay::new(month, day).expect("a day of the year")
}

/// She likes and dislikes nothing, and all her stats are 50.
pub(crate) fn aiko() -> WaifuProfile {
    WaifuProfile {
        name: DisplayName::try_from("Aiko".to_owned()).expect("a name"),
        personality: Personality::default(),
        appearance: Appearance::default(),
        stats: Stats::default(),
    }
}

pub(crate) fn minor() -> Person {
    Person {
        age_group: AgeGroup::Minor,
        ..Person::adult()
    }
}

pub(crate) fn any_waifu() -> impl Strategy<Value = WaifuProfile> {
    let taste = (any_weights(), any_weights());
    let birthday = prop::option::of(any_day());
    (any_stats(), taste, birthday).prop_map(|(stats, (likes, dislikes), birthday)| {
        let personality = Personality {
            likes,
            dislikes,
            birthday,
            ..Personality::default()
        };
        WaifuProfile {
            personality,
            stats,
            ..aiko()
        }
    })
}

pub(crate) fn any_person() -> impl Strategy<Value = Person> {
    let born = prop::option::of((1970i32..=2015, 1u16..=365));
    (any_age_group(), prop::sample::select(ZONES.to_vec()), born).prop_map(
        |(age_group, name, born)| Person {
            age_group,
            time_zone: zone(name),
            birthday: born.map(|(year, day)| Date::from_ordinal_date(year, day).expect("a date")),
        },
    )
}

pub(crate) fn any_stats() -> impl Strategy<Value = Stats> {
    let percent = || {
        prop_oneof![Just(0u8), Just(50), Just(100), 0u8..=100]
            .prop_map(|number| Percent::try_from(number).expect("a percent"))
    };
    (percent(), percent(), percent(), percent(), percent()).prop_map(
        |(warmth, patience, playfulness, curiosity, pride)| Stats {
            warmth,
            patience,
            playfulness,
            curiosity,
            pride,
            ..Stats::default()
        },
    )
}

/// Mostly in the first days or months of the histories, so that they meet some.
pub(crate) fn any_day() -> impl Strategy<Value = MonthDay> {
    let near = (1u8..=3, 1u8..=29).prop_map(|(month, date)| day(month, date));
    let anywhere = (1u8..=12, 1u8..=31).prop_map(|(month, date)| {
        let longest = Month::try_from(month).expect("a month").length(2024);
        day(month, date.min(longest))
    });
    let first = (5u8..=7).prop_map(|date| day(1, date));
    prop_oneof![1 => first, 2 => near, 1 => anywhere]
}

fn any_age_group() -> impl Strategy<Value = AgeGroup> {
    prop_oneof![3 => Just(AgeGroup::Adult), 1 => Just(AgeGroup::Minor)]
}

fn any_weights() -> impl Strategy<Value = BTreeMap<Slug, Weight>> {
    let tag = prop::sample::select(TAGS.to_vec()).prop_map(slug);
    let weight = (1u8..=3).prop_map(|weight| Weight::try_from(weight).expect("a weight"));
    prop::collection::btree_map(tag, weight, 0..3)
}
