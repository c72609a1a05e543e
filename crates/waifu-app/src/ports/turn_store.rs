//! The life of a turn, in coarse operations: each is one durable transaction, and is durable when it returns.
//!
//! The law that makes races visible: whoever changes a run's status or a relationship holds its row and moves
//! `head.seq` (heartbeats do neither), so a write that expects the head it has read finds every race.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use time::Duration;
use waifu_domain::affection::Appraisal;
use waifu_domain::events::{EventOccurrence, OccurrenceState};
use waifu_domain::ids::{
    ClientMessageId, ConversationId, Epoch, MessageId, OccurrenceId, ProcessId, RelationshipId,
    TurnId,
};
use waifu_domain::prompt::Line;
use waifu_domain::relationship::{
    Head, Horizon, Interaction, Pair, Relationship, RelationshipState,
};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{Emotion, EndReason, EndStatus, MessageText, RunNo, TurnKind, Usage};
use waifu_domain::user::{Introduction, Person};
use waifu_domain::waifu::Waifu;

use super::store::{NewSaid, Spent, StoreError};

#[async_trait]
pub trait TurnStore: std::fmt::Debug + Send + Sync {
    /// Stores a message, its turn and its first run, making the relationship and its default conversation if
    /// there is none yet. Looks the `client_message_id` up before anything else.
    async fn accept(&self, turn: NewTurn) -> Result<Accepted, StoreError>;

    /// What the judge and the recorder need of a turn's newest run, read at one head; `None`: no such turn.
    async fn standing(
        &self,
        turn: TurnId,
        horizon: Horizon,
    ) -> Result<Option<Standing>, StoreError>;

    /// As [`TurnStore::standing`], with at most `history_limit` messages from before the turn.
    async fn opening(
        &self,
        turn: TurnId,
        history_limit: u32,
        horizon: Horizon,
    ) -> Result<Option<Opening>, StoreError>;

    /// Ends a run: the only way that one ends, for the supervisor, a cancel and the reaper alike.
    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError>;

    /// Renews leases by the store's own clock and saves the words so far. Returns the turns whose runs are no
    /// longer the beating process's.
    async fn beat(
        &self,
        process: ProcessId,
        lease: Duration,
        beats: Vec<Heartbeat>,
    ) -> Result<Vec<TurnId>, StoreError>;

    /// At most `limit` turns with a streaming run whose lease has run out, by the store's own clock.
    async fn abandoned(&self, limit: u32) -> Result<Vec<TurnId>, StoreError>;

    /// Where these relationships stand; those who have never met are left out.
    async fn whereabouts(&self, pairs: &[Pair]) -> Result<Vec<Whereabouts>, StoreError>;
}

/// A message to be accepted. All ids are the caller's, so that a lost answer can be recognised.
#[derive(Debug, Clone)]
pub struct NewTurn {
    pub turn_id: TurnId,
    pub pair: Pair,
    /// `None`: the default one. Any other than the default is not there.
    pub conversation_id: Option<ConversationId>,
    pub client_message_id: ClientMessageId,
    pub message_id: MessageId,
    pub text: MessageText,
    /// `None`: this message moves no affection.
    pub appraisal: Option<Appraisal>,
    /// Who streams the run, and for how long he may be silent.
    pub process: ProcessId,
    pub lease: Duration,
    pub at: Timestamp,
    /// How many earlier messages the opening shall hold.
    pub history_limit: u32,
    pub horizon: Horizon,
    /// Used only when the two have never met.
    pub first_meeting: FirstMeeting,
}

impl NewTurn {
    /// What is stored of it once the two are known.
    pub fn said(&self, relationship_id: RelationshipId, waifu_version: u32) -> NewSaid {
        NewSaid {
            turn_id: self.turn_id,
            relationship_id,
            client_message_id: self.client_message_id,
            message_id: self.message_id,
            text: self.text.clone(),
            appraisal: self.appraisal,
            waifu_version,
            process: self.process,
            lease: self.lease,
            at: self.at,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct FirstMeeting {
    pub relationship_id: RelationshipId,
    pub conversation_id: ConversationId,
    pub epoch: Epoch,
}

#[derive(Debug, Clone)]
pub enum Accepted {
    New(Box<Opening>),
    /// The same id with the same text was accepted before.
    Duplicate(TurnRef),
    /// The same id was accepted before with another text.
    Mismatch,
    /// Another run of the relationship is streaming.
    Busy(TurnRef),
    /// No such companion that this user may see.
    NoSuchWaifu,
    /// She was there, and has been deleted.
    WaifuGone,
    NoSuchConversation,
}

/// A turn, and its newest run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnRef {
    pub turn_id: TurnId,
    pub turn_no: u32,
    pub run: RunNo,
    /// The user's message; none when she answers what he did.
    pub message_id: Option<MessageId>,
}

/// An accepted turn with all that her answer is made from. `standing.relationship.head` is that after the two
/// durable events of the acceptance: `MessageAccepted`, then `TurnStarted`.
#[derive(Debug, Clone)]
pub struct Opening {
    pub standing: Standing,
    /// Earlier messages, oldest first, without the one just accepted.
    pub history: Vec<Line>,
}

#[derive(Debug, Clone)]
pub struct Standing {
    pub turn: TurnRef,
    pub kind: TurnKind,
    pub conversation_id: ConversationId,
    /// `None` while it streams.
    pub ended: Option<EndStatus>,
    /// `None`: the turn moves no affection, or an earlier run of it already has.
    pub appraisal: Option<Appraisal>,
    /// As the last heartbeat saved them.
    pub words_so_far: String,
    /// In the version that the turn is played with.
    pub waifu: Arc<Waifu>,
    pub user: Introduction,
    pub person: Person,
    pub relationship: Relationship,
    pub state: RelationshipState,
}

/// How a run ends, and all that is written with it in one commit.
#[derive(Debug, Clone)]
pub struct Settlement {
    pub turn: TurnRef,
    pub conversation_id: ConversationId,
    pub authority: Authority,
    pub status: EndStatus,
    pub reason: Option<EndReason>,
    pub usage: Option<Usage>,
    /// What it costs its user; `None`: there are no budgets.
    pub spent: Option<Spent>,
    pub at: Timestamp,
    /// Her words; `None` when nothing was said.
    pub reply: Option<Reply>,
    pub append: Append,
}

/// By what right a run is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// The process that holds its lease.
    Holder(ProcessId),
    /// Anybody, once the lease has run out.
    LeaseExpired,
    /// The user wants it, whoever holds the lease.
    User,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub message_id: MessageId,
    pub text: String,
    pub emotion: Emotion,
}

/// What one act adds to a relationship at a known head. The rows' numbers follow the head's, and so do the
/// events': the first has `expected.seq + 1`.
#[derive(Debug, Clone)]
pub struct Append {
    pub relationship_id: RelationshipId,
    pub expected: Head,
    /// `None`: affection, level and facts stay as they are, and so does the version.
    pub moved: Option<Moved>,
    pub opened: Vec<EventOccurrence>,
    /// Those that pended, in their new state.
    pub closed: Vec<EventOccurrence>,
    pub events: Vec<DurableEvent>,
    pub at: Timestamp,
}

#[derive(Debug, Clone)]
pub struct Moved {
    /// None when an event ran out and unlocked something.
    pub entries: Vec<Interaction>,
    pub state: RelationshipState,
}

impl Append {
    pub fn head_after(&self) -> Head {
        let entries = self.moved.as_ref().map_or(0, |moved| moved.entries.len());
        Head {
            seq: self.expected.seq + self.events.len() as u64,
            entry_no: self.expected.entry_no
                + u32::try_from(entries).expect("an act writes a few rows"),
            version: self.expected.version + u32::from(self.moved.is_some()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    Done,
    /// The relationship has moved since it was read: read the standing again, judge again, settle again.
    Stale,
    /// Somebody else ended the run, or the authority was not enough: discard.
    EndedByAnother,
}

/// What those who watch a relationship from another process need to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    pub pair: Pair,
    /// The number of the newest durable event.
    pub seq: u64,
    pub streaming: Option<StreamingRun>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamingRun {
    pub turn_id: TurnId,
    pub run: RunNo,
    pub process: ProcessId,
    /// As the last heartbeat saved them.
    pub words: String,
}

#[derive(Debug, Clone)]
pub struct Heartbeat {
    pub turn_id: TurnId,
    pub run: RunNo,
    pub words: Arc<str>,
}

/// An event that clients can replay: ids and numbers alone, never text. Stored as it serialises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum DurableEvent {
    #[serde(rename = "message.accepted")]
    MessageAccepted {
        turn_id: TurnId,
        turn_no: u32,
        message_id: MessageId,
        client_message_id: ClientMessageId,
    },
    #[serde(rename = "turn.started")]
    TurnStarted {
        turn_id: TurnId,
        turn_no: u32,
        run: RunNo,
        kind: TurnKind,
    },
    #[serde(rename = "turn.done")]
    TurnDone {
        turn_id: TurnId,
        run: RunNo,
        status: EndStatus,
        reason: Option<EndReason>,
        message_id: Option<MessageId>,
        usage: Option<Usage>,
        /// When another attempt may be worth it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    /// The words of another run are her answer from now on.
    #[serde(rename = "turn.chosen")]
    TurnChosen {
        turn_id: TurnId,
        run: RunNo,
        message_id: MessageId,
    },
    #[serde(rename = "relationship.updated")]
    RelationshipUpdated { entry_no: u32, version: u32 },
    #[serde(rename = "event.opened")]
    EventOpened { occurrence_id: OccurrenceId },
    #[serde(rename = "event.resolved")]
    EventResolved { occurrence_id: OccurrenceId },
    #[serde(rename = "event.expired")]
    EventExpired { occurrence_id: OccurrenceId },
    #[serde(rename = "turn.voided")]
    TurnVoided { from_turn_no: u32, to_turn_no: u32 },
}

impl DurableEvent {
    /// The two events of an acceptance, in their order.
    pub fn of_acceptance(
        turn: TurnRef,
        message_id: MessageId,
        client_message_id: ClientMessageId,
    ) -> [Self; 2] {
        [
            Self::MessageAccepted {
                turn_id: turn.turn_id,
                turn_no: turn.turn_no,
                message_id,
                client_message_id,
            },
            Self::turn_started(turn, TurnKind::Chat),
        ]
    }

    pub fn turn_started(turn: TurnRef, kind: TurnKind) -> Self {
        Self::TurnStarted {
            turn_id: turn.turn_id,
            turn_no: turn.turn_no,
            run: turn.run,
            kind,
        }
    }

    /// What became of an occurrence.
    pub fn of_occurrence(occurrence: &EventOccurrence) -> Self {
        let occurrence_id = occurrence.id;
        match occurrence.state {
            OccurrenceState::Pending => Self::EventOpened { occurrence_id },
            OccurrenceState::Resolved { .. } => Self::EventResolved { occurrence_id },
            OccurrenceState::Expired { .. } => Self::EventExpired { occurrence_id },
        }
    }
}
