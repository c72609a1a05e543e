//! Two people, and what a server does around the judge: it knows keys, keeps the ledger, and lets events pend.

use std::collections::BTreeSet;

use uuid::Uuid;
use waifu_domain::affection::{Act, Appraisal, Refusal, RuleBook, Setting, Verdict};
use waifu_domain::catalogue::Catalogue;
use waifu_domain::events::{EventOccurrence, OccurrenceState};
use waifu_domain::ids::{InteractionId, OccurrenceId, RelationshipId, TurnId, UserId};
use waifu_domain::relationship::{Cause, Interaction, LedgerPlace, Level, RelationshipState};
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::user::{DisplayName, Person};
use waifu_domain::waifu::{Appearance, MonthDay, Personality, WaifuProfile};

use crate::recorded::{ActKind, ActLine, Case, Row};

pub(crate) struct Couple<'a> {
    book: RuleBook,
    catalogue: &'a Catalogue,
    waifu: WaifuProfile,
    person: Person,
    pub(crate) state: RelationshipState,
    ledger: Vec<Interaction>,
    keys: BTreeSet<String>,
    unnumbered_turns: u32,
    occurrences: u32,
}

#[derive(Default)]
pub(crate) struct Done {
    pub(crate) outcome: &'static str,
    pub(crate) rows: Vec<Row>,
    pub(crate) opened: Vec<Slug>,
    pub(crate) least_level: Option<Level>,
    pub(crate) retry_at: Option<Timestamp>,
}

impl<'a> Couple<'a> {
    pub(crate) fn new(case: &Case, catalogue: &'a Catalogue) -> Self {
        let (month, day) = case.waifu.birthday;
        let personality = Personality {
            likes: case.waifu.likes.clone(),
            dislikes: case.waifu.dislikes.clone(),
            birthday: Some(MonthDay::new(month, day).expect("a recorded birthday is a day")),
            ..Personality::default()
        };
        Self {
            book: RuleBook::shipped(),
            catalogue,
            waifu: WaifuProfile {
                name: DisplayName::try_from("Aiko".to_owned()).expect("a name"),
                personality,
                appearance: Appearance::default(),
                stats: case.waifu.stats.clone(),
            },
            person: Person::adult(),
            state: RelationshipState::strangers(),
            ledger: Vec::new(),
            keys: BTreeSet::new(),
            unnumbered_turns: 0,
            occurrences: 0,
        }
    }

    /// Repeated keys and turns without a word are never judged.
    pub(crate) fn perform(&mut self, line: &ActLine, now: Timestamp) -> Done {
        if let Some(key) = &line.key
            && !self.keys.insert(key.clone())
        {
            return Done::without_rows("duplicate");
        }
        match &line.kind {
            ActKind::Chat {
                turn_state: Some(_),
                ..
            } => Done::without_rows("nothing"),
            ActKind::Chat {
                appraisal, turn, ..
            } => self.chat(*appraisal, *turn, now),
            ActKind::Gift { gift, local_date } => {
                let today = self.person.time_zone.date_of(now);
                assert_eq!(today, local_date.0, "the histories are recorded in UTC");
                let gifts = &self.catalogue.gifts;
                let (key, gift) = gifts.get_key_value(gift).expect("a recorded gift");
                self.judge(&Act::Gift { key, gift }, now, "gift")
            }
            ActKind::Date { date } => {
                let dates = &self.catalogue.dates;
                let (key, date) = dates.get_key_value(date).expect("a recorded date");
                self.judge(&Act::Date { key, date }, now, "date")
            }
            ActKind::Choice { event, choice } => self.choose(event, choice, now),
            ActKind::Rewind { turn } => self.go_back_to(*turn, now),
            ActKind::Adjustment { points, operator } => {
                let adjustment = Act::Adjustment {
                    points: *points,
                    operator_id: UserId::new(Uuid::nil()),
                    reason: operator,
                };
                self.judge(&adjustment, now, "adjustment")
            }
        }
    }

    fn chat(&mut self, appraisal: Appraisal, turn: Option<u32>, now: Timestamp) -> Done {
        let turn_id = turn.map_or_else(|| self.unnumbered_turn(), turn_id);
        self.judge(&Act::Chat { turn_id, appraisal }, now, "chat")
    }

    fn choose(&mut self, event: &Slug, choice: &Slug, now: Timestamp) -> Done {
        let mut occurrences = self.state.last_occurrences.iter();
        let occurrence = occurrences.find(|last| last.event == *event);
        let occurrence = occurrence.expect("the event has come up").clone();
        let choice = self.catalogue.events[event].choice(choice);
        let choice = Act::Choice {
            occurrence: &occurrence,
            choice: choice.expect("a recorded choice"),
        };
        self.judge(&choice, now, "choice")
    }

    fn go_back_to(&mut self, turn: u32, now: Timestamp) -> Done {
        let played = |row: &Interaction| {
            if let Cause::Turn { turn_id, .. } = row.cause {
                Some(turn_id)
            } else {
                None
            }
        };
        let mut rows = self.ledger.iter();
        let oldest = rows.position(|row| played(row) == Some(turn_id(turn)));
        let oldest = oldest.expect("the turn was played");
        let turns = self.ledger[oldest..].iter().filter_map(played).collect();
        let since = self.ledger[oldest.saturating_sub(1)..].to_vec();
        let rewind = Act::Rewind {
            turns: &turns,
            ledger: &since,
        };
        self.judge(&rewind, now, "rewind")
    }

    fn judge(&mut self, act: &Act<'_>, now: Timestamp, kind: &'static str) -> Done {
        let setting = Setting {
            waifu: &self.waifu,
            person: &self.person,
            events: &self.catalogue.events,
        };
        match self.book.judge(setting, &self.state, act, now) {
            Ok(verdict) => self.write_down(verdict),
            Err(refusal) => Done::refused(kind, refusal),
        }
    }

    fn write_down(&mut self, verdict: Verdict) -> Done {
        let done = Done {
            outcome: "applied",
            rows: verdict.rows.iter().map(Row::from).collect(),
            opened: verdict
                .opened
                .iter()
                .map(|opened| opened.event.clone())
                .collect(),
            ..Done::default()
        };
        self.state = verdict.state_after;
        for opened in verdict.opened {
            let id = self.next_occurrence();
            let occurrences = &mut self.state.last_occurrences;
            occurrences.retain(|last| last.event != opened.event);
            occurrences.push(EventOccurrence {
                id,
                event: opened.event,
                opened_at: verdict.at,
                expires_at: opened.expires_at,
                state: OccurrenceState::Pending,
            });
        }
        for row in verdict.rows {
            let no = u32::try_from(self.ledger.len()).expect("histories are short") + 1;
            let place = LedgerPlace {
                id: InteractionId::new(Uuid::from_u128(no.into())),
                relationship_id: RelationshipId::new(Uuid::nil()),
                no,
            };
            self.ledger
                .push(row.into_interaction(place, self.book.hash()));
        }
        done
    }

    fn next_occurrence(&mut self) -> OccurrenceId {
        self.occurrences += 1;
        OccurrenceId::new(Uuid::from_u128(self.occurrences.into()))
    }

    fn unnumbered_turn(&mut self) -> TurnId {
        self.unnumbered_turns += 1;
        turn_id(u32::MAX - self.unnumbered_turns)
    }
}

fn turn_id(turn: u32) -> TurnId {
    TurnId::new(Uuid::from_u128(turn.into()))
}

impl Done {
    fn without_rows(outcome: &'static str) -> Self {
        Self {
            outcome,
            ..Self::default()
        }
    }

    fn refused(kind: &'static str, refusal: Refusal) -> Self {
        match (kind, refusal) {
            ("gift", Refusal::BelowLevel(least_level)) => Self {
                outcome: "gift_declined",
                least_level: Some(least_level),
                ..Self::default()
            },
            ("date", Refusal::TooSoon { retry_at }) => Self {
                outcome: "date_too_soon",
                retry_at: Some(retry_at),
                ..Self::default()
            },
            (kind, refusal) => panic!("no recorded {kind} is refused: {refusal}"),
        }
    }
}
