//! What may happen between the two, and how likely.

use proptest::collection::vec;
use proptest::prelude::*;
use time::{Date, Duration};
use waifu_domain::affection::Appraisal;
use waifu_domain::time_zone::TimeZone;
use waifu_domain::user::{AgeGroup, Person};

#[derive(Debug, Clone)]
pub(super) struct History {
    pub(super) person: Person,
    pub(super) steps: Vec<(Gap, Step)>,
}

/// Minutes since the step before; clocks may run backwards.
pub(super) type Gap = i64;

/// Numbers name one of what there is at that time, whatever there is.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Chat {
        appraisal: Option<Appraisal>,
        answer: Answer,
    },
    Gift {
        gift: usize,
        answer: Answer,
    },
    Date {
        date: usize,
        answer: Answer,
    },
    Choice {
        newest: usize,
        choice: usize,
        answer: Answer,
    },
    /// To before one of the newest turns.
    Rewind {
        newest: usize,
    },
    Adjustment {
        points: i32,
    },
    Visit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Words,
    Failure,
    /// Only to a chat there is always one.
    None,
}

const ZONES: [&str; 3] = ["UTC", "Asia/Tokyo", "America/Los_Angeles"];

pub(super) fn histories() -> impl Strategy<Value = History> {
    let steps = vec((gap(), step()), 1..=60);
    (person(), steps).prop_map(|(person, steps)| History { person, steps })
}

fn person() -> impl Strategy<Value = Person> {
    let age_group = prop_oneof![4 => Just(AgeGroup::Adult), 1 => Just(AgeGroup::Minor)];
    let zone = prop::sample::select(&ZONES[..])
        .prop_map(|name| TimeZone::try_from(name.to_owned()).expect("tests name zones that are"));
    let birthday =
        prop::option::of((1..=120_u16).prop_map(|day| {
            Date::from_ordinal_date(2003, day).expect("a day of spring or before")
        }));
    (age_group, zone, birthday).prop_map(|(age_group, time_zone, birthday)| Person {
        age_group,
        time_zone,
        birthday,
    })
}

fn gap() -> impl Strategy<Value = Gap> {
    let days = |days: i64| Duration::days(days).whole_minutes();
    prop_oneof![
        2 => Just(0),
        1 => -90..0_i64,
        6 => 1..180_i64,
        6 => 180..days(1),
        6 => days(1)..days(6),
        2 => days(6)..days(40),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let number = || 0..100_usize;
    let newest = || 0..8_usize;
    let appraisal = prop::option::weighted(0.9, prop::sample::select(&Appraisal::ALL[..]));
    let points = prop_oneof![3 => -1000..=1000_i32, 4 => 50..=250_i32, 1 => Just(0)];
    prop_oneof![
        8 => (appraisal, answer())
            .prop_map(|(appraisal, answer)| Step::Chat { appraisal, answer }),
        5 => (number(), answer()).prop_map(|(gift, answer)| Step::Gift { gift, answer }),
        4 => (number(), answer()).prop_map(|(date, answer)| Step::Date { date, answer }),
        5 => (newest(), number(), answer()).prop_map(|(newest, choice, answer)| Step::Choice {
            newest,
            choice,
            answer,
        }),
        2 => newest().prop_map(|newest| Step::Rewind { newest }),
        2 => points.prop_map(|points| Step::Adjustment { points }),
        2 => Just(Step::Visit),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![4 => Just(Answer::Words), 1 => Just(Answer::Failure), 1 => Just(Answer::None)]
}
