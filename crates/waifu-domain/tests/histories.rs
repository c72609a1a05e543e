//! Replays recorded histories through the shipped rule book, row by row. The file also records kinds of acts
//! that the judge does not know yet: when one comes, it gets an arm in `ActKind` and in `Couple::perform`, and
//! the number of playable cases goes up.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use serde::Deserialize;
use uuid::Uuid;
use waifu_domain::affection::{Act, Appraisal, Refusal, RuleBook, VerdictRow};
use waifu_domain::ids::{TurnId, UserId};
use waifu_domain::relationship::{
    Affection, InteractionKind, Level, Reason, RelationshipState, Stage,
};
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::user::{AgeGroup, DisplayName, Person};
use waifu_domain::waifu::{Appearance, MonthDay, Personality, Stats, WaifuProfile, Weight};

const RECORDED: usize = 35;
/// Those whose acts are chats and adjustments alone.
const PLAYABLE: usize = 20;

#[test]
fn the_shipped_rule_book_gives_every_recorded_history_row_by_row() {
    let file: File = serde_json::from_str(include_str!("data/affection.json"))
        .expect("the recorded histories can be read");
    assert_eq!(file.cases.len(), RECORDED);
    let playable: Vec<&Case> = file
        .cases
        .iter()
        .filter(|case| case.is_playable())
        .collect();
    assert_eq!(playable.len(), PLAYABLE, "no case is skipped silently");

    let faults: Vec<String> = playable.into_iter().flat_map(replay).collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    waifu: WaifuLine,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WaifuLine {
    stats: Stats,
    likes: BTreeMap<Slug, Weight>,
    dislikes: BTreeMap<Slug, Weight>,
    birthday: (u8, u8),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    at: Timestamp,
    act: ActLine,
    expect: Expected,
}

#[derive(Deserialize)]
struct ActLine {
    /// The idempotency key: an act whose key was seen before is never judged.
    key: Option<String>,
    #[serde(flatten)]
    kind: ActKind,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum ActKind {
    Chat {
        appraisal: Appraisal,
        turn_state: Option<WordlessTurn>,
    },
    Adjustment {
        points: i32,
        operator: String,
    },
    /// A kind that the judge does not know yet.
    #[serde(other)]
    Later,
}

/// Ends of a turn at which nothing is judged. One that counts names no state.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum WordlessTurn {
    Failed,
    Blocked,
    CancelledBeforeWord,
}

#[derive(Deserialize)]
struct Expected {
    outcome: String,
    rows: Vec<Row>,
    affection: Affection,
    level: Level,
    stage: String,
    events_opened: Vec<Slug>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    kind: InteractionKind,
    at: Timestamp,
    requested_change: i32,
    affection_change: i32,
    affection_after: Affection,
    level_after: Level,
    reasons: Vec<Reason>,
}

impl Case {
    fn is_playable(&self) -> bool {
        let later = |step: &Step| matches!(step.act.kind, ActKind::Later);
        !self.steps.iter().any(later)
    }
}

impl From<VerdictRow> for Row {
    fn from(row: VerdictRow) -> Self {
        Self {
            kind: row.kind,
            at: row.at,
            requested_change: row.requested,
            affection_change: row.applied,
            affection_after: row.affection_after,
            level_after: row.level_after,
            reasons: row.reasons,
        }
    }
}

/// What was found wrong, each with the case's name and the step.
fn replay(case: &Case) -> Vec<String> {
    let mut couple = Couple::new(&case.waifu);
    let mut faults = Vec::new();
    for (step, no) in case.steps.iter().zip(1..) {
        let at = format!("{}, step {no}", case.name);
        let done = couple.perform(&step.act, step.at);
        let expected = &step.expect;
        let mut differ = |what: &str, expected: &dyn Debug, found: &dyn Debug| {
            let (expected, found) = (format!("{expected:?}"), format!("{found:?}"));
            if expected != found {
                faults.push(format!("{at}: {what} must be {expected}, is {found}"));
            }
        };
        differ("outcome", &expected.outcome, &done.outcome);
        differ("the number of rows", &expected.rows.len(), &done.rows.len());
        for ((expected, found), row) in expected.rows.iter().zip(&done.rows).zip(1..) {
            differ(&format!("row {row}"), expected, found);
        }
        let state = &couple.state;
        differ("affection", &expected.affection, &state.affection);
        differ("level", &expected.level, &state.level);
        let found = Stage::of(state.level).to_string();
        differ("stage", &expected.stage, &found);
        differ("opened events", &expected.events_opened, &done.opened);
    }
    faults
}

struct Couple {
    book: RuleBook,
    waifu: WaifuProfile,
    person: Person,
    state: RelationshipState,
    keys: BTreeSet<String>,
}

struct Done {
    outcome: &'static str,
    rows: Vec<Row>,
    opened: Vec<Slug>,
}

impl Couple {
    fn new(waifu: &WaifuLine) -> Self {
        let (month, day) = waifu.birthday;
        let personality = Personality {
            likes: waifu.likes.clone(),
            dislikes: waifu.dislikes.clone(),
            birthday: Some(MonthDay::new(month, day).expect("a recorded birthday is a day")),
            ..Personality::default()
        };
        Self {
            book: RuleBook::shipped(),
            waifu: WaifuProfile {
                name: DisplayName::try_from("Aiko".to_owned()).expect("a name"),
                personality,
                appearance: Appearance::default(),
                stats: waifu.stats.clone(),
            },
            person: Person {
                age_group: AgeGroup::Adult,
            },
            state: RelationshipState::strangers(),
            keys: BTreeSet::new(),
        }
    }

    /// What the server does with an act: repeated keys and turns without a word are never judged.
    fn perform(&mut self, line: &ActLine, now: Timestamp) -> Done {
        if let Some(key) = &line.key
            && !self.keys.insert(key.clone())
        {
            return Done::without_rows("duplicate");
        }
        let act = match &line.kind {
            ActKind::Chat {
                turn_state:
                    Some(
                        WordlessTurn::Failed
                        | WordlessTurn::Blocked
                        | WordlessTurn::CancelledBeforeWord,
                    ),
                ..
            } => return Done::without_rows("nothing"),
            ActKind::Chat {
                appraisal,
                turn_state: None,
            } => Act::Chat {
                turn_id: TurnId::new(Uuid::nil()),
                appraisal: *appraisal,
            },
            ActKind::Adjustment { points, operator } => Act::Adjustment {
                points: *points,
                operator_id: UserId::new(Uuid::nil()),
                reason: format!("recorded for {operator}"),
            },
            ActKind::Later => unreachable!("a case with a later kind is not played"),
        };
        self.judge(&act, now)
    }

    fn judge(&mut self, act: &Act, now: Timestamp) -> Done {
        let verdict = self
            .book
            .judge(&self.waifu, &self.person, &self.state, act, now);
        match verdict {
            Ok(verdict) => {
                self.state = verdict.state_after;
                Done {
                    outcome: "applied",
                    rows: verdict.rows.into_iter().map(Row::from).collect(),
                    opened: verdict.opened_events,
                }
            }
            Err(Refusal::EmptyAdjustment) => Done::without_rows("empty_adjustment"),
        }
    }
}

impl Done {
    fn without_rows(outcome: &'static str) -> Self {
        Self {
            outcome,
            rows: Vec::new(),
            opened: Vec::new(),
        }
    }
}
