//! Histories: who the two are, what there is, and what is done when.

use std::sync::Arc;

use proptest::prelude::*;
use time::Duration;
use waifu_domain::affection::Appraisal;
use waifu_domain::catalogue::Catalogue;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::user::Person;
use waifu_domain::waifu::WaifuProfile;

use crate::any_book::any_numbers;
use crate::books::Numbers;
use crate::life::Life;
use crate::people::{aiko, any_person, any_waifu};
use crate::shelves::{Shelf, any_shelf, empty_shelf};

#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) numbers: Numbers,
    pub(crate) waifu: WaifuProfile,
    pub(crate) person: Person,
    pub(crate) catalogue: Arc<Catalogue>,
    /// What is done, and what the clock says then.
    pub(crate) deeds: Vec<(Timestamp, Deed)>,
}

/// What somebody sets out to do. Numbers pick one of what there is then, going round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Say(Appraisal),
    Give(usize),
    GoOn(usize),
    Answer {
        which: Which,
        choice: usize,
    },
    /// To the turn so many turns ago.
    Rewind(usize),
    Adjust(i32),
    Visit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// One that pends.
    Pending(usize),
    /// Any that ever came up, mostly answered or expired.
    Any(usize),
}

impl History {
    /// Two with the usual companion and a grown-up, and nothing to give or do but what gates bring.
    pub(crate) fn plain(numbers: Numbers) -> Self {
        Self {
            catalogue: Arc::new(empty_shelf().catalogue(&numbers)),
            numbers,
            waifu: aiko(),
            person: Person::adult(),
            deeds: Vec::new(),
        }
    }

    pub(crate) fn live(&self) -> Life {
        let mut life = Life::new(self);
        for (now, deed) in &self.deeds {
            // What is refused leaves nothing behind.
            let _ = life.perform(*deed, *now);
        }
        life
    }

    /// The same deeds at other times, or others at the same times.
    pub(crate) fn with_deeds(&self, deeds: Vec<(Timestamp, Deed)>) -> Self {
        Self {
            deeds,
            ..self.clone()
        }
    }
}

/// 2026-01-05T18:00:00Z.
pub(crate) fn start() -> Timestamp {
    Timestamp::from_unix_micros(1_767_636_000_000_000)
}

/// Anything that can be done, at times that mostly go on and now and then run backwards.
pub(crate) fn any_history() -> impl Strategy<Value = History> {
    let deeds = prop::collection::vec((any_pause(), any_deed()), 1..40);
    (any_setting(), deeds).prop_map(|(setting, deeds)| setting.with_deeds(after_pauses(deeds)))
}

/// Two, a rule book and a catalogue, before anything has happened.
pub(crate) fn any_setting() -> impl Strategy<Value = History> {
    (any_numbers(), any_waifu(), any_person(), any_shelf()).prop_map(made_of)
}

fn made_of((numbers, waifu, person, shelf): (Numbers, WaifuProfile, Person, Shelf)) -> History {
    History {
        catalogue: Arc::new(shelf.catalogue(&numbers)),
        numbers,
        waifu,
        person,
        deeds: Vec::new(),
    }
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let which = prop_oneof![
        3 => (0usize..4).prop_map(Which::Pending),
        1 => (0usize..8).prop_map(Which::Any),
    ];
    prop_oneof![
        8 => any_words().prop_map(Deed::Say),
        4 => (0usize..4).prop_map(Deed::Give),
        4 => (0usize..4).prop_map(Deed::GoOn),
        3 => (which, 0usize..4).prop_map(|(which, choice)| Deed::Answer { which, choice }),
        2 => (0usize..6).prop_map(Deed::Rewind),
        1 => (-60i32..=60).prop_map(Deed::Adjust),
        1 => (-400i32..=1000).prop_map(Deed::Adjust),
        2 => Just(Deed::Visit),
    ]
}

pub(crate) fn after_pauses(pauses: Vec<(Duration, Deed)>) -> Vec<(Timestamp, Deed)> {
    let mut now = start();
    let go_on = |(pause, deed)| {
        now = now.plus(pause);
        (now, deed)
    };
    pauses.into_iter().map(go_on).collect()
}

pub(crate) fn any_words() -> impl Strategy<Value = Appraisal> {
    prop::sample::select(Appraisal::ALL.to_vec())
}

/// Whole hours and days often, since that is where windows and absences end.
fn any_pause() -> impl Strategy<Value = Duration> {
    prop_oneof![
        1 => Just(Duration::ZERO),
        3 => (0i64..180).prop_map(Duration::minutes),
        3 => (0i64..30).prop_map(Duration::hours),
        2 => (0i64..45).prop_map(Duration::days),
        1 => (0i64..3_000_000_000_000).prop_map(Duration::microseconds),
        2 => (0i64..72).prop_map(|hours| -Duration::hours(hours)),
    ]
}
