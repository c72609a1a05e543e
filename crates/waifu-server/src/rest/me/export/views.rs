//! The shapes of an export: those that the rest of the door shows, with whose they are, and what is shown nowhere else.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use waifu_app::ports::store::{
    Day, LedgerRow, Receipt, ReceiptKey, RunRecord, SaidRecord, Session, TurnRecord, WaifuVersion,
};
use waifu_domain::affection::Appraisal;
use waifu_domain::events::{EventDefinition, EventOccurrence};
use waifu_domain::ids::WaifuId;
use waifu_domain::relationship::{Fact, Interaction, Relationship};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{Emotion, EndReason, RunStatus, TurnKind, Usage};
use waifu_domain::user::{AgeGroup, User};
use waifu_domain::waifu::Waifu;

use crate::rest::me::api_keys::ApiKeyView;
use crate::rest::views::{CauseView, InteractionView, OccurrenceView, ProfileView, WaifuView};

/// Everything that is held about a user.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "it describes what is written piece by piece, and is never in hand as a whole"
)]
pub(super) struct ExportView {
    #[schema(value_type = String, format = DateTime)]
    exported_at: Timestamp,
    profile: OwnerView,
    sessions: Vec<SessionView>,
    api_keys: Vec<ApiKeyView>,
    /// Your own, deleted ones too.
    companions: Vec<CompanionRecordView>,
    companion_versions: Vec<VersionView>,
    relationships: Vec<RelationshipRecordView>,
    interactions: Vec<InteractionRecordView>,
    turns: Vec<TurnRecordView>,
    events: Vec<EventRecordView>,
    idempotency_keys: Vec<ReceiptView>,
    spending: Vec<SpendingView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnerView {
    #[serde(flatten)]
    profile: ProfileView,
    /// `adult` or `minor`.
    #[schema(value_type = String)]
    age_group: AgeGroup,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionView {
    id: Uuid,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    refreshed_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CompanionRecordView {
    #[serde(flatten)]
    companion: WaifuView,
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted_at: Option<Timestamp>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VersionView {
    waifu_id: Uuid,
    version: u32,
    name: String,
    #[schema(value_type = Object)]
    personality: Value,
    #[schema(value_type = Object)]
    appearance: Value,
    #[schema(value_type = Object)]
    stats: Value,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RelationshipRecordView {
    id: Uuid,
    waifu_id: Uuid,
    affection: i32,
    level: u8,
    #[schema(value_type = Vec<Object>)]
    facts: Vec<Fact>,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_interaction: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    met_at: Timestamp,
    version: u32,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InteractionRecordView {
    waifu_id: Uuid,
    #[serde(flatten)]
    interaction: InteractionView,
}

/// A turn, one that was taken back too, with everything that was said in it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TurnRecordView {
    id: Uuid,
    waifu_id: Uuid,
    turn_no: u32,
    #[schema(value_type = String, example = "chat")]
    kind: TurnKind,
    client_message_id: Option<Uuid>,
    /// What the message was taken for.
    #[schema(value_type = Option<String>, example = "warm")]
    appraisal: Option<Appraisal>,
    /// What it answers, when that is not a message.
    cause: Option<CauseView>,
    waifu_version: u32,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was taken back.
    #[schema(value_type = Option<String>, format = DateTime)]
    voided_at: Option<Timestamp>,
    message: Option<SaidRecordView>,
    runs: Vec<RunView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunView {
    run: u32,
    #[schema(value_type = String, example = "completed")]
    status: RunStatus,
    #[schema(value_type = Option<String>)]
    reason: Option<EndReason>,
    #[schema(value_type = Option<Object>)]
    usage: Option<Usage>,
    /// It is her answer.
    chosen: bool,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// While she speaks.
    #[serde(skip_serializing_if = "String::is_empty")]
    words_so_far: String,
    reply: Option<SaidRecordView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SaidRecordView {
    id: Uuid,
    text: String,
    /// What her words show.
    #[schema(value_type = Option<String>)]
    emotion: Option<Emotion>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventRecordView {
    waifu_id: Uuid,
    #[serde(flatten)]
    event: OccurrenceView,
}

/// A key under which something was asked for, so that asking again changes nothing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReceiptView {
    scope: String,
    key: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// Tokens of one day's budget.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SpendingView {
    /// In UTC.
    #[schema(format = Date)]
    day: String,
    tokens: u64,
}

impl From<(Day, u64)> for SpendingView {
    fn from((day, tokens): (Day, u64)) -> Self {
        Self {
            day: day.date().to_string(),
            tokens,
        }
    }
}

impl From<User> for OwnerView {
    fn from(user: User) -> Self {
        Self {
            age_group: user.age_group,
            created_at: user.created_at,
            profile: user.into(),
        }
    }
}

impl From<Session> for SessionView {
    fn from(session: Session) -> Self {
        Self {
            id: session.id.into(),
            created_at: session.created_at,
            refreshed_at: session.rotated_at,
            expires_at: session.expires_at,
            ended_at: session.revoked_at,
        }
    }
}

impl From<Waifu> for CompanionRecordView {
    fn from(waifu: Waifu) -> Self {
        Self {
            deleted_at: waifu.deleted_at,
            companion: waifu.into(),
        }
    }
}

impl VersionView {
    pub(super) fn new(waifu: WaifuId, version: WaifuVersion) -> Self {
        let document =
            |value: serde_json::Result<Value>| value.expect("documents have string keys");
        let profile = version.profile;
        Self {
            waifu_id: waifu.into(),
            version: version.version,
            name: profile.name.into(),
            personality: document(serde_json::to_value(profile.personality)),
            appearance: document(serde_json::to_value(profile.appearance)),
            stats: document(serde_json::to_value(profile.stats)),
            created_at: version.created_at,
        }
    }
}

impl From<Relationship> for RelationshipRecordView {
    fn from(relationship: Relationship) -> Self {
        Self {
            id: relationship.id.into(),
            waifu_id: relationship.pair.waifu_id.into(),
            affection: relationship.affection.get(),
            level: relationship.level.get(),
            facts: relationship.facts.into_iter().collect(),
            last_interaction: relationship.last_interaction,
            met_at: relationship.created_at,
            version: relationship.head.version,
        }
    }
}

impl InteractionRecordView {
    /// What was said is in the turns.
    pub(super) fn new(waifu: WaifuId, interaction: Interaction) -> Self {
        Self {
            waifu_id: waifu.into(),
            interaction: LedgerRow::new(interaction, None).into(),
        }
    }
}

impl TurnRecordView {
    pub(super) fn new(waifu: WaifuId, turn: TurnRecord) -> Self {
        Self {
            id: turn.turn_id.into(),
            waifu_id: waifu.into(),
            turn_no: turn.turn_no,
            kind: turn.kind,
            client_message_id: turn.client_message_id.map(Into::into),
            appraisal: turn.appraisal,
            cause: turn.cause.map(Into::into),
            waifu_version: turn.waifu_version,
            created_at: turn.created_at,
            voided_at: turn.voided_at,
            message: turn.message.map(Into::into),
            runs: turn.runs.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<RunRecord> for RunView {
    fn from(run: RunRecord) -> Self {
        Self {
            run: run.run,
            status: run.status,
            reason: run.reason,
            usage: run.usage,
            chosen: run.is_chosen,
            started_at: run.started_at,
            ended_at: run.ended_at,
            words_so_far: run.words_so_far,
            reply: run.reply.map(Into::into),
        }
    }
}

impl From<SaidRecord> for SaidRecordView {
    fn from(said: SaidRecord) -> Self {
        Self {
            id: said.id.into(),
            text: said.text,
            emotion: said.emotion,
            at: said.at,
        }
    }
}

impl EventRecordView {
    pub(super) fn new(
        waifu: WaifuId,
        occurrence: EventOccurrence,
        definition: Option<&EventDefinition>,
    ) -> Self {
        Self {
            waifu_id: waifu.into(),
            event: OccurrenceView::new(occurrence, definition),
        }
    }
}

impl From<(ReceiptKey, Receipt)> for ReceiptView {
    fn from((key, receipt): (ReceiptKey, Receipt)) -> Self {
        Self {
            scope: key.scope,
            key: key.key,
            at: receipt.at,
            expires_at: receipt.expires_at,
        }
    }
}
