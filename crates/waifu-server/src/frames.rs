//! What clients are sent: the frames of `waifu.chat.v1`, which streams over HTTP and GraphQL subscriptions carry too.

use serde::Serialize;
use uuid::Uuid;
use waifu_app::ports::store::TurnOutcome;
use waifu_app::ports::turn_store::TurnRef;
use waifu_app::turns::news::{Happening, News, TurnDone, Words};
use waifu_domain::events::OccurrenceStatus;
use waifu_domain::ids::Epoch;
use waifu_domain::relationship::Stage;
use waifu_domain::turn::{Emotion, EndReason, RunStatus, TurnKind, Usage};

use crate::companion::Companion;
use crate::problem::Problem;
use crate::rest::views::{
    CauseView, InteractionView, MessageView, OccurrenceView, RelationshipView, WaifuView,
};

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
    TurnDelta(WordsView),
    #[serde(rename = "turn.snapshot")]
    TurnSnapshot(WordsView),
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
        emotion: Option<Emotion>,
        #[serde(skip_serializing_if = "Option::is_none")]
        usage: Option<Usage>,
        /// Whether another attempt may succeed.
        retryable: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    #[serde(rename = "turn.chosen")]
    TurnChosen {
        turn_id: Uuid,
        run: u32,
        message: MessageView,
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
    /// The next durable frame has the number after this one.
    pub seq: u64,
    pub resumed: bool,
    pub heartbeat_ms: u64,
    pub limits: Limits,
    pub waifu: WaifuView,
    pub relationship: RelationshipView,
    pub notices: [(); 0],
    pub companion: Companion,
    /// The run that streams as the socket becomes ready: a snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<WordsView>,
}

#[derive(Debug, Serialize)]
pub struct Limits {
    pub frame_bytes: usize,
    pub message_characters: usize,
    pub frames_per_minute: u32,
    /// The newest wins.
    pub sockets_per_companion: usize,
    pub sockets_per_user: usize,
}

/// Words of a run. In a delta they come after those before; in a snapshot they replace them, and the next delta has this
/// `index`.
#[derive(Debug, Serialize)]
pub struct WordsView {
    pub turn_id: Uuid,
    pub run: u32,
    /// Counts the calls of the model's provider within the run.
    pub attempt: u32,
    /// Counts the deltas of this attempt that this client was sent.
    pub index: u64,
    pub text: String,
}

impl From<FrameBody> for ServerFrame {
    fn from(body: FrameBody) -> Self {
        Self { body, seq: None }
    }
}

impl From<News> for ServerFrame {
    fn from(news: News) -> Self {
        match news {
            News::Durable { seq, happening } => Self {
                body: Happening::clone(&happening).into(),
                seq: Some(seq),
            },
            News::Delta(words) => FrameBody::TurnDelta(words.into()).into(),
            News::Snapshot(words) => FrameBody::TurnSnapshot(words.into()).into(),
        }
    }
}

impl From<Words> for WordsView {
    fn from(words: Words) -> Self {
        Self {
            turn_id: words.turn_id.into(),
            run: words.run,
            attempt: words.attempt,
            index: words.index,
            text: words.text,
        }
    }
}

impl From<Happening> for FrameBody {
    fn from(happening: Happening) -> Self {
        match happening {
            Happening::MessageAccepted {
                turn_id,
                turn_no,
                message_id,
                client_message_id,
            } => Self::MessageAccepted {
                client_message_id: client_message_id.into(),
                message_id: message_id.into(),
                turn_id: turn_id.into(),
                turn_no,
                duplicate: false,
            },
            Happening::TurnChosen {
                turn_id,
                run,
                message,
            } => Self::TurnChosen {
                turn_id: turn_id.into(),
                run,
                message: message.into(),
            },
            Happening::TurnStarted {
                turn_id,
                turn_no,
                run,
                kind,
                cause,
            } => Self::TurnStarted {
                turn_id: turn_id.into(),
                turn_no,
                run,
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
            emotion: done.message.as_ref().and_then(|message| message.emotion),
            message: done.message.map(Into::into),
            usage: done.usage,
            retryable: status == RunStatus::Failed,
            retry_after_ms: done.retry_after_ms,
        }
    }
}

impl FrameBody {
    /// The type, as it is on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ready(_) => "ready",
            Self::MessageAccepted { .. } => "message.accepted",
            Self::TurnStarted { .. } => "turn.started",
            Self::TurnDelta(_) => "turn.delta",
            Self::TurnSnapshot(_) => "turn.snapshot",
            Self::TurnDone { .. } => "turn.done",
            Self::TurnChosen { .. } => "turn.chosen",
            Self::RelationshipUpdated { .. } => "relationship.updated",
            Self::TurnVoided { .. } => "turn.voided",
            Self::EventOpened { .. } => "event.opened",
            Self::EventResolved { .. } => "event.resolved",
            Self::EventExpired { .. } => "event.expired",
            Self::Error { .. } => "error",
            Self::Ping => "ping",
            Self::Reconnect { .. } => "reconnect",
        }
    }

    pub fn error(problem: Problem, about: Option<Uuid>) -> Self {
        Self::Error {
            code: problem.code.as_str(),
            retryable: problem.retry_after_ms().is_some(),
            retry_after_ms: problem.retry_after_ms(),
            message: problem.detail,
            about,
            turn_id: problem.turn_id.map(Into::into),
        }
    }
}

/// What is told again of a message that was accepted before, to who sent it alone.
pub fn accepted_before(client_message_id: Uuid, turn: TurnRef) -> FrameBody {
    FrameBody::MessageAccepted {
        client_message_id,
        message_id: turn.message_id.map_or_else(Uuid::nil, Into::into),
        turn_id: turn.turn_id.into(),
        turn_no: turn.turn_no,
        duplicate: true,
    }
}

/// How a turn has ended; `None` while it streams.
pub fn ended_before(outcome: TurnOutcome) -> Option<FrameBody> {
    let status = outcome.status.ended()?;
    let done = TurnDone {
        turn_id: outcome.turn.turn_id,
        run: outcome.turn.run,
        status,
        reason: outcome.reason,
        message: outcome.reply,
        usage: outcome.usage,
        retry_after_ms: None,
    };
    Some(done.into())
}
