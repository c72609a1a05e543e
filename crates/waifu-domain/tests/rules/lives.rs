//! Histories, and what comes of living through them as a server would: each act judged on what the one before
//! left, opened events pending until they are answered, and every row kept in a ledger.

use proptest::prelude::*;
use time::Duration;
use uuid::Uuid;
use waifu_domain::affection::{Act, Appraisal, Refusal, RuleBook, Verdict};
use waifu_domain::events::{LastOccurrence, OccurrenceState};
use waifu_domain::ids::{InteractionId, RelationshipId, TurnId, UserId};
use waifu_domain::relationship::{Fact, Interaction, LedgerPlace, RelationshipState};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::user::{AgeGroup, DisplayName, Person};
use waifu_domain::waifu::{Appearance, Personality, Stats, WaifuProfile};

use crate::books::{Numbers, any_numbers, any_stats};

#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) numbers: Numbers,
    pub(crate) stats: Stats,
    pub(crate) age_group: AgeGroup,
    /// What is done, and what the clock says then.
    pub(crate) deeds: Vec<(Timestamp, Deed)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Say(Appraisal),
    Adjust(i32),
    /// The pending event is answered, if there is one.
    Answer {
        passes: bool,
    },
}

/// One act that was judged.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) now: Timestamp,
    pub(crate) before: RelationshipState,
    pub(crate) verdict: Verdict,
}

#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) numbers: Numbers,
    pub(crate) book: RuleBook,
    pub(crate) waifu: WaifuProfile,
    pub(crate) person: Person,
    pub(crate) state: RelationshipState,
    pub(crate) moments: Vec<Moment>,
    pub(crate) ledger: Vec<Interaction>,
    /// Until choices are acts of their own, the next row carries what an answer made true.
    carried: Vec<Fact>,
}

impl History {
    pub(crate) fn live(&self) -> Life {
        let mut life = Life::new(self.numbers.clone(), self.stats.clone(), self.age_group);
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

impl Life {
    pub(crate) fn new(numbers: Numbers, stats: Stats, age_group: AgeGroup) -> Self {
        Self {
            book: numbers.book(),
            numbers,
            waifu: WaifuProfile {
                name: DisplayName::try_from("Aiko".to_owned()).expect("a name"),
                personality: Personality::default(),
                appearance: Appearance::default(),
                stats,
            },
            person: Person { age_group },
            state: RelationshipState::strangers(),
            moments: Vec::new(),
            ledger: Vec::new(),
            carried: Vec::new(),
        }
    }

    pub(crate) fn perform(&mut self, deed: Deed, now: Timestamp) -> Result<(), Refusal> {
        let act = match deed {
            Deed::Say(appraisal) => said(appraisal),
            Deed::Adjust(points) => adjusted(points),
            Deed::Answer { passes } => {
                self.answer(passes, now);
                return Ok(());
            }
        };
        let verdict = self.verdict(&self.state, &act, now)?;
        let before = std::mem::replace(&mut self.state, verdict.state_after.clone());
        self.write_down(&verdict);
        for event in &verdict.opened_events {
            let at = self.state.last_entry_at.expect("a row was just written");
            let occurrences = &mut self.state.last_occurrences;
            occurrences.retain(|last| last.event != *event);
            occurrences.push(LastOccurrence {
                event: event.clone(),
                state: OccurrenceState::Pending,
                at,
            });
        }
        self.moments.push(Moment {
            now,
            before,
            verdict,
        });
        Ok(())
    }

    pub(crate) fn verdict(
        &self,
        state: &RelationshipState,
        act: &Act,
        now: Timestamp,
    ) -> Result<Verdict, Refusal> {
        self.book.judge(&self.waifu, &self.person, state, act, now)
    }

    pub(crate) fn affection(&self) -> i32 {
        self.state.affection.get()
    }

    fn answer(&mut self, passes: bool, now: Timestamp) {
        let at = self.state.last_entry_at.map_or(now, |last| last.max(now));
        let pending = self
            .state
            .last_occurrences
            .iter_mut()
            .find(|last| last.state == OccurrenceState::Pending);
        if let Some(last) = pending {
            last.state = OccurrenceState::Resolved;
            last.at = at;
            if passes {
                let fact = Fact::Passed(last.event.clone());
                self.state.facts.insert(fact.clone());
                self.carried.push(fact);
            }
        }
    }

    fn write_down(&mut self, verdict: &Verdict) {
        for row in &verdict.rows {
            let no = u32::try_from(self.ledger.len()).expect("histories are short") + 1;
            let mut facts = std::mem::take(&mut self.carried);
            facts.extend(row.facts.iter().cloned());
            let place = LedgerPlace {
                id: InteractionId::new(Uuid::from_u128(no.into())),
                relationship_id: RelationshipId::new(Uuid::nil()),
                no,
            };
            let interaction = row.clone().into_interaction(place, self.book.hash());
            self.ledger.push(Interaction {
                facts,
                ..interaction
            });
        }
    }
}

pub(crate) fn said(appraisal: Appraisal) -> Act {
    Act::Chat {
        turn_id: TurnId::new(Uuid::nil()),
        appraisal,
    }
}

pub(crate) fn adjusted(points: i32) -> Act {
    Act::Adjustment {
        points,
        operator_id: UserId::new(Uuid::nil()),
        reason: "a test".to_owned(),
    }
}

/// 2026-01-05T18:00:00Z.
pub(crate) fn start() -> Timestamp {
    Timestamp::from_unix_micros(1_767_636_000_000_000)
}

/// Anything that can be done, at times that mostly go on and now and then run backwards.
pub(crate) fn any_history() -> impl Strategy<Value = History> {
    let deeds = prop::collection::vec((any_pause(), any_deed()), 1..32);
    (any_numbers(), any_stats(), any_age_group(), deeds).prop_map(
        |(numbers, stats, age_group, deeds)| History {
            numbers,
            stats,
            age_group,
            deeds: after_pauses(deeds),
        },
    )
}

pub(crate) fn any_age_group() -> impl Strategy<Value = AgeGroup> {
    prop_oneof![3 => Just(AgeGroup::Adult), 1 => Just(AgeGroup::Minor)]
}

pub(crate) fn after_pauses(pauses: Vec<(Duration, Deed)>) -> Vec<(Timestamp, Deed)> {
    let mut now = start();
    let go_on = |(pause, deed)| {
        now = now.plus(pause);
        (now, deed)
    };
    pauses.into_iter().map(go_on).collect()
}

fn any_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => any_words().prop_map(Deed::Say),
        1 => (-60i32..=60).prop_map(Deed::Adjust),
        1 => (-400i32..=1000).prop_map(Deed::Adjust),
        1 => any::<bool>().prop_map(|passes| Deed::Answer { passes }),
    ]
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
