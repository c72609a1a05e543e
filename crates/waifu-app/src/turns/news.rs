//! What watchers of a relationship are told. Doors only encode these.

use std::sync::Arc;

use waifu_domain::events::{EventDefinition, EventOccurrence};
use waifu_domain::ids::{ClientMessageId, MessageId, TurnId};
use waifu_domain::relationship::Cause;
use waifu_domain::turn::{EndReason, EndStatus, Message, RunNo, TurnKind, Usage};

use crate::ports::store::LedgerRow;
use crate::ports::turn_store::TurnRef;

#[derive(Debug, Clone)]
pub enum News {
    /// Stored, numbered, and never lost.
    Durable { seq: u64, happening: Arc<Happening> },
    /// The next words of a run.
    Delta(Words),
    /// All words of a run so far: they replace what was shown, and the next delta has this index.
    Snapshot(Words),
}

/// Words of a run, as one watcher is told them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    pub turn_id: TurnId,
    pub run: RunNo,
    /// Counts the calls of the model's provider within the run, from 1.
    pub attempt: u32,
    /// Counts the deltas that this watcher was told in this attempt, from 0.
    pub index: u64,
    pub text: String,
}

/// A durable event, rendered from the rows that it names.
#[derive(Debug, Clone)]
pub enum Happening {
    MessageAccepted {
        turn_id: TurnId,
        turn_no: u32,
        message_id: MessageId,
        client_message_id: ClientMessageId,
    },
    TurnStarted {
        turn_id: TurnId,
        turn_no: u32,
        run: RunNo,
        kind: TurnKind,
        /// What the user did, when she does not answer a message.
        cause: Option<Cause>,
    },
    TurnDone(TurnDone),
    /// Another run's words are her answer from now on.
    TurnChosen {
        turn_id: TurnId,
        run: RunNo,
        message: Message,
    },
    /// The chat turns in this range are taken back.
    TurnVoided {
        from_turn_no: u32,
        to_turn_no: u32,
    },
    RelationshipUpdated {
        version: u32,
        row: Box<LedgerRow>,
    },
    /// It was opened or resolved, or has expired: its state tells.
    Event {
        occurrence: EventOccurrence,
        /// `None`: nobody defines it any more.
        definition: Option<Box<EventDefinition>>,
    },
}

/// The one terminal event of a run.
#[derive(Debug, Clone)]
pub struct TurnDone {
    pub turn_id: TurnId,
    pub run: RunNo,
    pub status: EndStatus,
    pub reason: Option<EndReason>,
    /// `None` when nothing was said.
    pub message: Option<Message>,
    pub usage: Option<Usage>,
    /// When another attempt may be worth it.
    pub retry_after_ms: Option<u64>,
}

/// A durable event with its number.
#[derive(Debug, Clone)]
pub struct Numbered {
    pub seq: u64,
    pub happening: Arc<Happening>,
}

impl Happening {
    /// A message was accepted, and she begins to answer it.
    pub(crate) fn of_acceptance(
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
            Self::TurnStarted {
                turn_id: turn.turn_id,
                turn_no: turn.turn_no,
                run: turn.run,
                kind: TurnKind::Chat,
                cause: None,
            },
        ]
    }

    /// The run that ends with it, if one does.
    pub(crate) fn ends(&self) -> Option<(TurnId, RunNo)> {
        match self {
            Self::TurnDone(done) => Some((done.turn_id, done.run)),
            Self::MessageAccepted { .. }
            | Self::TurnStarted { .. }
            | Self::TurnChosen { .. }
            | Self::TurnVoided { .. }
            | Self::RelationshipUpdated { .. }
            | Self::Event { .. } => None,
        }
    }

    /// The run that starts with it, if one does.
    pub(crate) fn starts(&self) -> Option<(TurnId, RunNo)> {
        match self {
            Self::TurnStarted { turn_id, run, .. } => Some((*turn_id, *run)),
            Self::MessageAccepted { .. }
            | Self::TurnDone(_)
            | Self::TurnChosen { .. }
            | Self::TurnVoided { .. }
            | Self::RelationshipUpdated { .. }
            | Self::Event { .. } => None,
        }
    }
}
