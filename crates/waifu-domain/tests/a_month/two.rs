//! The two of whom the page tells: each act is judged, and its rows are written as the page would write them.

use std::collections::BTreeSet;

use serde_json::json;
use uuid::Uuid;
use waifu_domain::affection::{Act, Appraisal, Refusal, RuleBook, Setting, Verdict, VerdictRow};
use waifu_domain::catalogue::{DatePlan, Events, Gift};
use waifu_domain::events::{EventOccurrence, OccurrenceState};
use waifu_domain::ids::{InteractionId, OccurrenceId, RelationshipId, TurnId};
use waifu_domain::relationship::{
    Interaction, InteractionKind, LedgerPlace, RelationshipState, Rule,
};
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::user::{DisplayName, Person};
use waifu_domain::waifu::{Appearance, Personality, WaifuProfile};

use crate::page::{Line, first_day, item, number};

pub(crate) struct Two {
    book: RuleBook,
    waifu: WaifuProfile,
    person: Person,
    events: Events,
    state: RelationshipState,
    ledger: Vec<Interaction>,
    turns: Vec<TurnId>,
}

impl Two {
    pub(crate) fn new() -> Self {
        let shipped = [
            include_str!("../../../../config/seed/events/first_gift.toml"),
            include_str!("../../../../config/seed/events/welcome_back.toml"),
        ];
        let events = shipped.map(|text| toml::from_str::<Events>(text).expect("a shipped event"));
        Self {
            book: RuleBook::shipped(),
            waifu: WaifuProfile {
                name: DisplayName::try_from("Aiko".to_owned()).expect("a name"),
                personality: Personality {
                    likes: item("Likes"),
                    dislikes: item("Dislikes"),
                    ..Personality::default()
                },
                appearance: Appearance::default(),
                stats: item("Stats"),
            },
            person: Person::adult(),
            events: events.into_iter().flatten().collect(),
            state: RelationshipState::strangers(),
            ledger: Vec::new(),
            turns: Vec::new(),
        }
    }

    /// The rows that the page has to show for this act.
    pub(crate) fn perform(&mut self, line: &Line) -> Vec<String> {
        let (kind, of) = line.act.split_once(": ").unwrap_or((line.act, ""));
        let verdict = match kind {
            "gift" => {
                let (key, tag, base) = entry(of);
                let gift: Gift = serde_json::from_value(json!({
                    "name": key, "description": "A gift.", "tags": [tag], "base": base,
                }))
                .expect("a gift");
                let (key, gift) = (&key, &gift);
                self.judge(&Act::Gift { key, gift }, line)
            }
            "date" => {
                let (key, tag, base) = entry(of);
                let date: DatePlan = serde_json::from_value(json!({
                    "name": key, "description": "A date.", "tags": [tag], "base": base,
                    "cooldown_hours": 72,
                }))
                .expect("a date");
                let (key, date) = (&key, &date);
                self.judge(&Act::Date { key, date }, line)
            }
            "choice" => self.choose(of, line),
            "going back two messages" => self.go_back(2, line),
            words => self.say(words, line),
        };
        match verdict {
            Ok(verdict) => self.write_down(line, verdict),
            Err(Refusal::TooSoon { retry_at }) => {
                let cells = [
                    &format!("refused: not before {}", day_and_time(retry_at)),
                    "",
                    "",
                    "",
                    "",
                ];
                vec![shown(line, line.act, cells)]
            }
            Err(refusal) => panic!("{}: {refusal}", line.text),
        }
    }

    fn say(&mut self, words: &str, line: &Line) -> Result<Verdict, Refusal> {
        let appraisal = Appraisal::ALL
            .into_iter()
            .find(|appraisal| Rule::chat(*appraisal).text() == words)
            .unwrap_or_else(|| panic!("nobody knows the act {words:?}"));
        let no = u128::try_from(self.turns.len()).expect("a month is short");
        let turn_id = TurnId::new(Uuid::from_u128(no));
        self.turns.push(turn_id);
        self.judge(&Act::Chat { turn_id, appraisal }, line)
    }

    fn choose(&self, of: &str, line: &Line) -> Result<Verdict, Refusal> {
        let (event, choice) = of.split_once(", ").expect("an event and a choice");
        let mut pending = self.state.last_occurrences.iter();
        let occurrence = pending.find(|pending| pending.event.as_str() == event);
        let choice = self.events[event].choice(&slug(choice));
        let choice = Act::Choice {
            occurrence: occurrence.expect("the event has come up"),
            choice: choice.expect("one of its choices"),
        };
        self.judge(&choice, line)
    }

    fn go_back(&self, messages: usize, line: &Line) -> Result<Verdict, Refusal> {
        let turns: BTreeSet<TurnId> = self.turns[self.turns.len() - messages..]
            .iter()
            .copied()
            .collect();
        let rewind = Act::Rewind {
            turns: &turns,
            ledger: &self.ledger,
        };
        self.judge(&rewind, line)
    }

    fn judge(&self, act: &Act<'_>, line: &Line) -> Result<Verdict, Refusal> {
        let setting = Setting {
            waifu: &self.waifu,
            person: &self.person,
            events: &self.events,
        };
        self.book.judge(setting, &self.state, act, line.now())
    }

    fn write_down(&mut self, line: &Line, verdict: Verdict) -> Vec<String> {
        self.state = verdict.state_after;
        let mut opened = Vec::new();
        for (event, no) in verdict.opened.into_iter().zip(0u32..) {
            opened.push(format!("`{}`", event.event));
            let id = u128::try_from(self.ledger.len()).expect("a month is short") + u128::from(no);
            self.state.last_occurrences.push(EventOccurrence {
                id: OccurrenceId::new(Uuid::from_u128(id)),
                event: event.event,
                opened_at: verdict.at,
                expires_at: event.expires_at,
                state: OccurrenceState::Pending,
            });
        }
        let mut act = line.act;
        let last = verdict.rows.len() - 1;
        let mut lines = Vec::new();
        for (place, row) in verdict.rows.into_iter().enumerate() {
            let opened = if place == last {
                opened.join(", ")
            } else {
                String::new()
            };
            let is_decay = row.kind == InteractionKind::Decay;
            lines.push(shown_row(
                line,
                if is_decay { "absence" } else { act },
                &row,
                &opened,
            ));
            if !is_decay {
                act = "…";
            }
            self.enter(row);
        }
        lines
    }

    fn enter(&mut self, row: VerdictRow) {
        let no = u32::try_from(self.ledger.len()).expect("a month is short") + 1;
        let place = LedgerPlace {
            id: InteractionId::new(Uuid::from_u128(no.into())),
            relationship_id: RelationshipId::new(Uuid::nil()),
            no,
        };
        let row = row.into_interaction(place, self.book.hash());
        self.ledger.push(row);
    }
}

fn shown_row(line: &Line, act: &str, row: &VerdictRow, opened: &str) -> String {
    let reasons = row.reasons.iter();
    let rules = reasons.map(|reason| format!("{} {}", reason.rule, signed(reason.effect)));
    let rules: Vec<String> = rules.collect();
    let numbers = [
        signed(row.applied),
        row.affection_after.get().to_string(),
        row.level_after.get().to_string(),
    ];
    let [change, affection, level] = &numbers;
    shown(
        line,
        act,
        [&rules.join(", "), change, affection, level, opened],
    )
}

fn signed(points: i32) -> String {
    if points == 0 {
        "0".to_owned()
    } else {
        format!("{points:+}")
    }
}

fn shown(line: &Line, act: &str, cells: [&str; 5]) -> String {
    let [rules, change, affection, level, opened] = cells;
    let cells = [
        line.day, line.time, act, rules, change, affection, level, opened,
    ];
    cells.join(" | ")
}

/// `tulips (flowers, 5)`: a name, a tag and base points.
fn entry(of: &str) -> (Slug, &str, i32) {
    let (name, rest) = of.split_once(" (").expect("a name before the brackets");
    let inside = rest.strip_suffix(')').expect("brackets that close");
    let (tag, base) = inside.split_once(", ").expect("a tag and base points");
    (slug(&name.replace(' ', "_")), tag, number(base))
}

fn slug(text: &str) -> Slug {
    text.parse().expect("a slug")
}

fn day_and_time(moment: Timestamp) -> String {
    let since = moment.since(first_day());
    let (hours, minutes) = (since.whole_hours() % 24, since.whole_minutes() % 60);
    format!("day {}, {hours:02}:{minutes:02}", since.whole_days() + 1)
}
