//! What clients see: the shapes that REST, sockets and streams share.

mod acts;
mod events;
mod offers;
mod profile;

pub use acts::{ActView, SaidView};
pub use events::OccurrenceView;
pub use offers::{DateView, EarningView, GiftView, RefusedView};
pub use profile::{ProfileView, parse_date};

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use waifu_app::ports::store::{Candidate, LedgerRow};
use waifu_app::use_cases::HistoryMessage;
use waifu_app::use_cases::RelationshipView as Standing;
use waifu_app::use_cases::page::Page;
use waifu_domain::affection::Appraisal;
use waifu_domain::relationship::{Cause, Fact, InteractionKind, Mood, Reason, Stage};
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{Emotion, Message, RunStatus, Speaker, plain_text};
use waifu_domain::user::{Role, User};
use waifu_domain::waifu::{Visibility, Waifu};

use crate::rest::cursor::Cursor;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageView<T> {
    pub items: Vec<T>,
    /// For `cursor` in the next request; null at the end.
    pub next_cursor: Option<String>,
}

impl<T> PageView<T> {
    pub fn new<I, C: Cursor>(page: Page<I, C>, view: impl Fn(I) -> T) -> Self {
        Self {
            items: page.items.into_iter().map(view).collect(),
            next_cursor: page.next.map(|place| place.encode()),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct UserView {
    id: Uuid,
    username: String,
    display_name: String,
    #[schema(value_type = Vec<String>, example = json!(["user"]))]
    roles: Vec<Role>,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id.into(),
            username: user.username.into(),
            display_name: user.display_name.into(),
            roles: vec![user.role],
        }
    }
}

/// A companion.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaifuView {
    pub id: Uuid,
    /// The house's companions alone have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    pub name: String,
    /// Known keys: `archetype`, `description`, `traits` (name to 0..100), `likes` and `dislikes` (tag to 1..3),
    /// `speech_style`, `background`, `scenario`, `greetings`, `example_dialogues`, `system_prompt`,
    /// `post_history_instructions`, `birthday`. Other keys are kept as they are.
    #[schema(value_type = Object)]
    personality: Value,
    /// Known keys: `hair`, `eyes`, `outfit`, `height`, `distinguishing_features`. Other keys are kept.
    #[schema(value_type = Object)]
    appearance: Value,
    /// `warmth`, `patience`, `playfulness`, `curiosity`, `pride` and any others, each 0 to 100.
    #[schema(value_type = Object)]
    stats: Value,
    /// Null: the house's.
    owner_id: Option<Uuid>,
    #[schema(value_type = String, example = "public")]
    visibility: Visibility,
    /// Counts her edits from 1; what `If-Match` asks for.
    pub version: u32,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Waifu> for WaifuView {
    fn from(waifu: Waifu) -> Self {
        let document =
            |value: serde_json::Result<Value>| value.expect("documents have string keys");
        Self {
            id: waifu.id.into(),
            key: waifu.key.map(Into::into),
            name: waifu.profile.name.into(),
            personality: document(serde_json::to_value(waifu.profile.personality)),
            appearance: document(serde_json::to_value(waifu.profile.appearance)),
            stats: document(serde_json::to_value(waifu.profile.stats)),
            owner_id: waifu.owner.user().map(Into::into),
            visibility: waifu.visibility,
            version: waifu.version,
            created_at: waifu.created_at,
            updated_at: waifu.updated_at,
        }
    }
}

/// Where one user and one companion stand.
#[derive(Debug, Serialize, ToSchema)]
pub struct RelationshipView {
    waifu_id: Uuid,
    user_id: Uuid,
    /// 0 to 10.
    pub level: u8,
    #[schema(value_type = String, example = "acquaintance")]
    stage: Stage,
    /// 0 to 1000.
    pub affection: i32,
    /// The affection at which the next level comes; null at the highest.
    next_level_at: Option<i32>,
    /// The event that must be passed before the next level.
    #[serde(skip_serializing_if = "Option::is_none")]
    gate: Option<String>,
    #[schema(value_type = String, example = "calm")]
    mood: Mood,
    /// Points that absence has cost and the user's next act will store, 0 or more.
    pending_decay: i32,
    /// Keys of the events that wait for a choice.
    pending_events: Vec<String>,
    /// Keys of the gifts that she keeps for good.
    keepsakes: Vec<String>,
    /// Names of what has been unlocked.
    unlocked: Vec<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_interaction: Option<Timestamp>,
    /// 0 when the two have never met.
    pub version: u32,
}

impl From<&Standing> for RelationshipView {
    fn from(standing: &Standing) -> Self {
        Self {
            waifu_id: standing.pair.waifu_id.into(),
            user_id: standing.pair.user_id.into(),
            level: standing.state.level.get(),
            stage: standing.stage,
            affection: standing.state.affection.get(),
            next_level_at: standing.next_level_at.map(Into::into),
            gate: standing.gate.as_ref().map(ToString::to_string),
            mood: standing.mood,
            pending_decay: standing.pending_decay,
            pending_events: standing
                .pending_events
                .iter()
                .map(|occurrence| occurrence.event.to_string())
                .collect(),
            keepsakes: standing
                .state
                .keepsakes()
                .map(ToString::to_string)
                .collect(),
            unlocked: standing.state.unlocked().map(ToString::to_string).collect(),
            last_interaction: standing.state.last_interaction,
            version: standing
                .stored
                .as_ref()
                .map_or(0, |stored| stored.head.version),
        }
    }
}

/// One row of the ledger: what moved, by how much, and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct InteractionView {
    pub id: Uuid,
    /// 1, 2, …: the order of the ledger.
    pub no: u32,
    #[schema(value_type = String, example = "chat")]
    pub kind: InteractionKind,
    /// What was said or done, in words.
    pub content: String,
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// What the rules gave, before caps and bounds.
    pub requested_change: i32,
    /// What was added.
    pub affection_change: i32,
    pub affection_after: i32,
    pub level_after: u8,
    /// Their effects add up to `affection_change`.
    pub reasons: Vec<ReasonView>,
    /// What became true with this row.
    #[schema(value_type = Vec<Object>)]
    pub facts: Vec<Fact>,
    /// What it answers to, by `type`: `turn`, `gift`, `date`, `occurrence`, `absence`, `voided`, `operator`.
    pub cause: CauseView,
}

/// What one rule did.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReasonView {
    #[schema(example = "chat.warm")]
    pub rule: String,
    /// Points that it added to the running value.
    pub effect: i32,
    pub text: &'static str,
}

impl From<Reason> for ReasonView {
    fn from(reason: Reason) -> Self {
        Self {
            rule: reason.rule.to_string(),
            effect: reason.effect,
            text: reason.rule.text(),
        }
    }
}

impl From<LedgerRow> for InteractionView {
    fn from(row: LedgerRow) -> Self {
        let content = content(&row);
        let interaction = row.interaction;
        Self {
            id: interaction.place.id.into(),
            no: interaction.place.no,
            kind: interaction.kind,
            content,
            timestamp: interaction.timestamp,
            requested_change: interaction.requested_change,
            affection_change: interaction.affection_change,
            affection_after: interaction.affection_after.get(),
            level_after: interaction.level_after.get(),
            reasons: interaction.reasons.into_iter().map(Into::into).collect(),
            facts: interaction.facts,
            cause: interaction.cause.into(),
        }
    }
}

/// What a row answers to. Who corrected a ledger is the operators' business; that one did is the user's.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CauseView {
    Turn {
        turn_id: Uuid,
        #[schema(value_type = String, example = "warm")]
        appraisal: Appraisal,
    },
    Gift {
        gift: String,
    },
    Date {
        date: String,
    },
    Occurrence {
        occurrence_id: Uuid,
        event: String,
        choice: String,
    },
    Absence,
    Voided {
        no: u32,
    },
    Operator {
        reason: String,
    },
}

impl From<Cause> for CauseView {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Turn { turn_id, appraisal } => Self::Turn {
                turn_id: turn_id.into(),
                appraisal,
            },
            Cause::Gift { gift, .. } => Self::Gift { gift: gift.into() },
            Cause::Date { date } => Self::Date { date: date.into() },
            Cause::Occurrence {
                occurrence_id,
                event,
                choice,
            } => Self::Occurrence {
                occurrence_id: occurrence_id.into(),
                event: event.into(),
                choice: choice.into(),
            },
            Cause::Absence => Self::Absence,
            Cause::Voided { no } => Self::Voided { no },
            Cause::Operator { reason, .. } => Self::Operator { reason },
        }
    }
}

fn content(row: &LedgerRow) -> String {
    if let Some(said) = &row.said {
        return said.clone();
    }
    match &row.interaction.cause {
        Cause::Turn { .. } => "a message".to_owned(),
        Cause::Gift { gift, .. } => format!("gift: {}", words(gift)),
        Cause::Date { date } => format!("date: {}", words(date)),
        Cause::Occurrence { event, choice, .. } => {
            format!("{}: {}", words(event), words(choice))
        }
        Cause::Absence => "time went by without a word".to_owned(),
        Cause::Voided { no } => format!("row {no} was taken back"),
        Cause::Operator { reason, .. } => reason.clone(),
    }
}

/// A key as people read it.
fn words(key: &Slug) -> String {
    key.as_str().replace(['_', '-'], " ")
}

/// A message in a history.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageView {
    pub id: Uuid,
    pub turn_id: Uuid,
    pub turn_no: u32,
    #[schema(value_type = String, example = "waifu")]
    pub role: Speaker,
    pub text: String,
    /// How the run that said it ended; `completed` for the user's own.
    #[schema(value_type = String, example = "completed")]
    pub status: RunStatus,
    /// What her words show: `neutral`, `happy`, `sad`, `angry`, `surprised`, `shy` or `loving`; older ones have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "happy")]
    pub emotion: Option<Emotion>,
    /// All answers to the turn, in their order, when there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<CandidateView>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// One run's answer to a turn.
#[derive(Debug, Serialize, ToSchema)]
pub struct CandidateView {
    pub run: u32,
    /// That of the message.
    pub id: Uuid,
    /// It is her answer.
    pub chosen: bool,
}

impl From<Candidate> for CandidateView {
    fn from(candidate: Candidate) -> Self {
        Self {
            run: candidate.run,
            id: candidate.message_id.into(),
            chosen: candidate.is_chosen,
        }
    }
}

impl From<HistoryMessage> for MessageView {
    fn from(told: HistoryMessage) -> Self {
        Self {
            candidates: told.candidates.into_iter().map(Into::into).collect(),
            ..told.message.into()
        }
    }
}

impl From<Message> for MessageView {
    fn from(message: Message) -> Self {
        Self {
            id: message.id.into(),
            turn_id: message.turn_id.into(),
            turn_no: message.turn_no,
            role: message.speaker,
            text: plain_text(&message.parts),
            status: message.status,
            emotion: message.emotion,
            candidates: Vec::new(),
            created_at: message.created_at,
        }
    }
}
