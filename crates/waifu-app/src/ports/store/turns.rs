//! Turns that answer what a user did, and turns that are taken back.

use async_trait::async_trait;
use time::Duration;
use waifu_domain::affection::Appraisal;
use waifu_domain::ids::{ClientMessageId, MessageId, ProcessId, RelationshipId, TurnId};
use waifu_domain::relationship::Cause;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{MessageText, RunNo, RunStatus, TurnKind};

use super::StoreError;
use crate::ports::turn_store::TurnRef;

#[async_trait]
pub trait Turns: Send {
    /// The turn that is being answered, if one is.
    async fn streaming(
        &mut self,
        relationship: RelationshipId,
    ) -> Result<Option<TurnRef>, StoreError>;

    /// Starts a turn that answers a deed, and its first run. The relationship is locked, and none of its runs
    /// streams. The head stays where it is: the event is the caller's.
    async fn start(&mut self, reaction: NewReaction) -> Result<TurnRef, StoreError>;

    /// Stores a message as the next turn, and starts its first run. The relationship is locked, none of its runs streams,
    /// and it has no turn of this `client_message_id`. The head stays where it is: the events are the caller's.
    async fn say(&mut self, said: NewSaid) -> Result<TurnRef, StoreError>;

    /// Starts another run of a turn. The relationship is locked, and none of its runs streams. The head stays where it
    /// is: the event is the caller's.
    async fn start_again(&mut self, again: NewRun) -> Result<TurnRef, StoreError>;

    /// The last turn of the default conversation that stands, with its newest run.
    async fn latest(
        &mut self,
        relationship: RelationshipId,
    ) -> Result<Option<LatestTurn>, StoreError>;

    /// What a turn answers, when that is not a message.
    async fn cause(&mut self, turn: TurnId) -> Result<Option<Cause>, StoreError>;

    /// What each run of these turns said, in the order of the runs; those without words are left out.
    async fn candidates(&mut self, turns: &[TurnId]) -> Result<Vec<Candidate>, StoreError>;

    /// From now on the words of this run, which has some, are her answer. The head stays where it is: the event is the
    /// caller's.
    async fn choose(&mut self, turn: TurnId, run: RunNo) -> Result<(), StoreError>;

    /// The number of a turn of this relationship.
    async fn number(
        &mut self,
        relationship: RelationshipId,
        turn: TurnId,
    ) -> Result<Option<u32>, StoreError>;

    /// Takes back the chat turns from this number on that stand: no history shows them any more.
    async fn void_chats(
        &mut self,
        relationship: RelationshipId,
        from_turn_no: u32,
        at: Timestamp,
    ) -> Result<VoidedTurns, StoreError>;
}

/// A turn that answers what the user did.
#[derive(Debug, Clone)]
pub struct NewReaction {
    pub turn_id: TurnId,
    pub relationship_id: RelationshipId,
    pub kind: TurnKind,
    pub cause: Cause,
    pub waifu_version: u32,
    /// Who streams the run, and for how long he may be silent.
    pub process: ProcessId,
    pub lease: Duration,
    pub at: Timestamp,
}

/// A turn that answers a message.
#[derive(Debug, Clone)]
pub struct NewSaid {
    pub turn_id: TurnId,
    pub relationship_id: RelationshipId,
    pub client_message_id: ClientMessageId,
    pub message_id: MessageId,
    pub text: MessageText,
    /// `None`: this message moves no affection.
    pub appraisal: Option<Appraisal>,
    pub waifu_version: u32,
    /// Who streams the run, and for how long he may be silent.
    pub process: ProcessId,
    pub lease: Duration,
    pub at: Timestamp,
}

/// Another attempt at the answer to a turn.
#[derive(Debug, Clone, Copy)]
pub struct NewRun {
    pub turn_id: TurnId,
    pub relationship_id: RelationshipId,
    /// Who streams the run, and for how long he may be silent.
    pub process: ProcessId,
    pub lease: Duration,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatestTurn {
    pub turn: TurnRef,
    pub kind: TurnKind,
    /// What it answers, when that is not a message.
    pub cause: Option<Cause>,
    pub status: RunStatus,
}

/// One run's answer to a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub turn_id: TurnId,
    pub run: RunNo,
    pub message_id: MessageId,
    /// It is her answer now.
    pub is_chosen: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VoidedTurns {
    /// In their order.
    pub turns: Vec<TurnId>,
    /// The number of the last of them; 0 when there is none.
    pub last_turn_no: u32,
}
