//! The frames of `waifu.chat.v1` as they are on the wire. Unknown fields of a client's frame are ignored.

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use waifu_app::turns::frames::{Frame, Happening, LiveRun, TurnDone};
use waifu_domain::events::OccurrenceStatus;
use waifu_domain::ids::Epoch;
use waifu_domain::relationship::Stage;
use waifu_domain::turn::{EndReason, RunStatus, TurnKind, Usage};

use crate::companion::Companion;
use crate::problem::Problem;
use crate::rest::views::{
    CauseView, InteractionView, MessageView, OccurrenceView, RelationshipView, WaifuView,
};

// No `Debug`: it holds tokens and messages in clear.
#[derive(Deserialize)]
#[serde(tag = "type")]
pub enum ClientFrame {
    #[serde(rename = "auth")]
    Auth { access_token: String },
    #[serde(rename = "auth.refresh")]
    AuthRefresh { access_token: String },
    #[serde(rename = "message.send")]
    MessageSend {
        client_message_id: Uuid,
        text: String,
    },
    #[serde(rename = "turn.sync")]
    TurnSync { turn_id: Uuid },
    #[serde(rename = "pong")]
    Pong,
}

/// The types that [`ClientFrame`] has: any other is unknown, which is no reason to hang up.
pub const CLIENT_TYPES: [&str; 5] = ["auth", "auth.refresh", "message.send", "turn.sync", "pong"];

#[derive(Debug, Serialize)]
pub struct ServerFrame {
    #[serde(flatten)]
    pub body: FrameBody,
    /// Durable frames alone have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub enum FrameBody {
    #[serde(rename = "ready")]
    Ready(Box<Ready>),
    #[serde(rename = "message.accepted")]
    MessageAccepted {
        client_message_id: Uuid,
        message_id: Uuid,
        turn_id: Uuid,
        turn_no: u32,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        duplicate: bool,
    },
    #[serde(rename = "turn.started")]
    TurnStarted {
        turn_id: Uuid,
        turn_no: u32,
        run: u32,
        kind: TurnKind,
        /// What the user did, when she does not answer a message.
        #[serde(skip_serializing_if = "Option::is_none")]
        cause: Option<CauseView>,
    },
    #[serde(rename = "turn.delta")]
    TurnDelta {
        turn_id: Uuid,
        run: u32,
        attempt: u32,
        index: u64,
        text: String,
    },
    #[serde(rename = "turn.snapshot")]
    TurnSnapshot {
        turn_id: Uuid,
        run: u32,
        attempt: u32,
        index: u64,
        text: String,
    },
    #[serde(rename = "turn.done")]
    TurnDone {
        turn_id: Uuid,
        run: u32,
        status: RunStatus,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<EndReason>,
        /// Null when nothing was said.
        message: Option<MessageView>,
        #[serde(skip_serializing_if = "Option::is_none")]
        usage: Option<Usage>,
        /// Whether another attempt may succeed.
        retryable: bool,
    },
    #[serde(rename = "relationship.updated")]
    RelationshipUpdated {
        version: u32,
        affection: i32,
        level: u8,
        stage: Stage,
        interaction: Box<InteractionView>,
    },
    #[serde(rename = "turn.voided")]
    TurnVoided { from_turn_no: u32, to_turn_no: u32 },
    #[serde(rename = "event.opened")]
    EventOpened { occurrence: Box<OccurrenceView> },
    #[serde(rename = "event.resolved")]
    EventResolved { occurrence: Box<OccurrenceView> },
    #[serde(rename = "event.expired")]
    EventExpired { occurrence: Box<OccurrenceView> },
    #[serde(rename = "error")]
    Error {
        code: &'static str,
        message: String,
        retryable: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
        /// The client_message_id or turn_id that this is about.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        about: Option<Uuid>,
        /// The turn that is being answered, for `turn_in_progress`.
        #[serde(skip_serializing_if = "Option::is_none")]
        turn_id: Option<Uuid>,
    },
    #[serde(rename = "ping")]
    Ping,
    #[serde(rename = "reconnect")]
    Reconnect { after_ms: u64, jitter_ms: u64 },
}

#[derive(Debug, Serialize)]
pub struct Ready {
    pub session_id: Uuid,
    /// Null before the first interaction.
    pub epoch: Option<Epoch>,
    pub seq: u64,
    pub resumed: bool,
    pub heartbeat_ms: u64,
    pub limits: Limits,
    pub waifu: WaifuView,
    pub relationship: RelationshipView,
    pub notices: [(); 0],
    pub companion: Companion,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<Active>,
}

#[derive(Debug, Serialize)]
pub struct Limits {
    pub frame_bytes: usize,
    pub message_characters: usize,
    pub frames_per_minute: u32,
}

/// A run that streams as the socket becomes ready; the next delta has this `index`.
#[derive(Debug, Serialize)]
pub struct Active {
    turn_id: Uuid,
    run: u32,
    attempt: u32,
    index: u64,
    text: String,
}

/// One provider call a run.
pub const ATTEMPT: u32 = 1;

impl From<FrameBody> for ServerFrame {
    fn from(body: FrameBody) -> Self {
        Self { body, seq: None }
    }
}

impl From<LiveRun> for Active {
    fn from(live: LiveRun) -> Self {
        Self {
            turn_id: live.turn_id.into(),
            run: live.run,
            attempt: ATTEMPT,
            index: 0,
            text: live.text,
        }
    }
}

impl From<Happening> for FrameBody {
    fn from(happening: Happening) -> Self {
        match happening {
            Happening::MessageAccepted {
                turn,
                message_id,
                client_message_id,
            } => Self::MessageAccepted {
                client_message_id: client_message_id.into(),
                message_id: message_id.into(),
                turn_id: turn.turn_id.into(),
                turn_no: turn.turn_no,
                duplicate: false,
            },
            Happening::TurnStarted { turn, kind, cause } => Self::TurnStarted {
                turn_id: turn.turn_id.into(),
                turn_no: turn.turn_no,
                run: turn.run,
                kind,
                cause: cause.map(Into::into),
            },
            Happening::TurnVoided {
                from_turn_no,
                to_turn_no,
            } => Self::TurnVoided {
                from_turn_no,
                to_turn_no,
            },
            Happening::TurnDone(done) => done.into(),
            Happening::RelationshipUpdated { version, row } => Self::RelationshipUpdated {
                version,
                affection: row.interaction.affection_after.get(),
                level: row.interaction.level_after.get(),
                stage: Stage::of(row.interaction.level_after),
                interaction: Box::new((*row).into()),
            },
            Happening::Event {
                occurrence,
                definition,
            } => {
                let status = occurrence.state.status();
                let occurrence = OccurrenceView::new(occurrence, definition.as_deref());
                let occurrence = Box::new(occurrence);
                match status {
                    OccurrenceStatus::Pending => Self::EventOpened { occurrence },
                    OccurrenceStatus::Resolved => Self::EventResolved { occurrence },
                    OccurrenceStatus::Expired => Self::EventExpired { occurrence },
                }
            }
        }
    }
}

impl From<TurnDone> for FrameBody {
    fn from(done: TurnDone) -> Self {
        let status = RunStatus::from(done.status);
        Self::TurnDone {
            turn_id: done.turn_id.into(),
            run: done.run,
            status,
            reason: done.reason,
            message: done.message.map(Into::into),
            usage: done.usage,
            retryable: status == RunStatus::Failed,
        }
    }
}

impl FrameBody {
    pub fn error(problem: Problem, about: Option<Uuid>) -> Self {
        Self::Error {
            code: problem.code.as_str(),
            retryable: problem.code.retry_after_ms().is_some(),
            retry_after_ms: problem.code.retry_after_ms(),
            message: problem.detail,
            about,
            turn_id: problem.turn_id.map(Into::into),
        }
    }
}

/// The part of a frame that tells whether a socket needs it.
pub fn seq_of(frame: &Frame) -> Option<u64> {
    match frame {
        Frame::Durable { seq, .. } => Some(*seq),
        Frame::Delta { .. } | Frame::Lost { .. } => None,
    }
}
