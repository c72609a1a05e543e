//! What watchers of a relationship are told. Doors only encode these.

use std::sync::Arc;

use tokio::sync::broadcast::{self, error::TryRecvError};
use waifu_domain::events::{EventDefinition, EventOccurrence};
use waifu_domain::ids::{ClientMessageId, MessageId, TurnId};
use waifu_domain::relationship::Cause;
use waifu_domain::turn::{EndReason, EndStatus, Message, RunNo, TurnKind, Usage};

use crate::ports::store::LedgerRow;
use crate::ports::turn_store::TurnRef;

#[derive(Debug, Clone)]
pub enum Frame {
    /// Stored, numbered, and never lost.
    Durable { seq: u64, happening: Happening },
    /// The next words of a run; what is missed is made up by a snapshot.
    Delta {
        turn_id: TurnId,
        run: RunNo,
        text: Arc<str>,
    },
    /// The run streams here no longer, and how it ended is for the store to tell.
    Lost { turn_id: TurnId, run: RunNo },
}

/// A durable event, rendered from the rows that it names.
#[derive(Debug, Clone)]
pub enum Happening {
    MessageAccepted {
        turn: TurnRef,
        message_id: MessageId,
        client_message_id: ClientMessageId,
    },
    TurnStarted {
        turn: TurnRef,
        kind: TurnKind,
        /// What the user did, when she does not answer a message.
        cause: Option<Cause>,
    },
    TurnDone(TurnDone),
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
    pub message: Option<Message>,
    pub usage: Option<Usage>,
}

/// A run that streams, and its words so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveRun {
    pub turn_id: TurnId,
    pub run: RunNo,
    pub text: String,
}

/// One watcher's place.
#[derive(Debug)]
pub struct Subscription {
    /// What streamed at the moment of subscribing.
    pub live: Option<LiveRun>,
    pub(crate) frames: broadcast::Receiver<Arc<Frame>>,
}

/// The watcher fell so far behind that frames were dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the watcher fell too far behind")]
pub struct Lagged;

impl Subscription {
    /// Waits for the next frame. Safe to drop while waiting.
    pub async fn next(&mut self) -> Result<Arc<Frame>, Lagged> {
        self.frames.recv().await.map_err(|_| Lagged)
    }

    /// A frame that is already there; `Ok(None)` when there is none.
    pub fn try_next(&mut self) -> Result<Option<Arc<Frame>>, Lagged> {
        match self.frames.try_recv() {
            Ok(frame) => Ok(Some(frame)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Lagged(_) | TryRecvError::Closed) => Err(Lagged),
        }
    }
}
