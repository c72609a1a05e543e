//! The frames of the chat protocol in the schema. Fields of one name have one type in all of them, so that they can be
//! asked for side by side.

mod told;

use juniper::{GraphQLEnum, GraphQLObject, GraphQLUnion, ID};

use super::Context;
use super::acts::InteractionObject;
use super::events::EventObject;
use super::objects::{MessageObject, RelationshipObject, RunStatusEnum, StageEnum, TurnKindEnum};
use super::scalars::Seq;

/// What happens between the two of you. Durable frames have `seq` and `epoch`: a place from which `relationship` goes on.
#[derive(Debug, GraphQLUnion)]
#[graphql(context = Context)]
pub enum ChatFrame {
    Ready(ReadyFrame),
    MessageAccepted(MessageAcceptedFrame),
    TurnStarted(TurnStartedFrame),
    TurnDelta(TurnDeltaFrame),
    TurnSnapshot(TurnSnapshotFrame),
    TurnDone(TurnDoneFrame),
    TurnChosen(TurnChosenFrame),
    TurnVoided(TurnVoidedFrame),
    RelationshipUpdated(RelationshipUpdatedFrame),
    EventChanged(EventChangedFrame),
}

/// The first frame of `relationship`: where the two of you stand.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "Ready", context = Context)]
pub struct ReadyFrame {
    /// Null before the first interaction.
    pub epoch: Option<ID>,
    /// The next durable frame has the number after this one.
    pub seq: Option<Seq>,
    /// Whether everything after `after` follows. If not, read the history.
    pub resumed: bool,
    pub relationship: RelationshipObject,
    /// Her words so far, if she speaks.
    pub active: Option<TurnSnapshotFrame>,
}

/// A message is stored and will be answered.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "MessageAccepted", context = Context)]
pub struct MessageAcceptedFrame {
    client_message_id: ID,
    message_id: ID,
    turn_id: ID,
    turn_no: i32,
    /// It was accepted before; told to its sender alone, without a number.
    duplicate: bool,
    seq: Option<Seq>,
    epoch: Option<ID>,
}

/// She begins to answer.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "TurnStarted", context = Context)]
pub struct TurnStartedFrame {
    turn_id: ID,
    turn_no: i32,
    run: i32,
    kind: TurnKindEnum,
    /// What was done, when she does not answer a message.
    cause: Option<TurnCauseObject>,
    seq: Option<Seq>,
    epoch: Option<ID>,
}

/// Her next words: they come after those before.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "TurnDelta", context = Context)]
pub struct TurnDeltaFrame {
    turn_id: ID,
    run: i32,
    /// Counts the calls of the model's provider within the run.
    attempt: i32,
    /// Counts the deltas of this attempt, from 0.
    index: i32,
    text: String,
}

/// All her words so far: they replace what was shown, and the next delta has this `index`.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "TurnSnapshot", context = Context)]
pub struct TurnSnapshotFrame {
    turn_id: ID,
    run: i32,
    attempt: i32,
    index: i32,
    text: String,
}

/// She has ended. There is one for each run.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "TurnDone", context = Context)]
pub struct TurnDoneFrame {
    turn_id: ID,
    run: i32,
    status: RunStatusEnum,
    reason: Option<EndReasonEnum>,
    /// Null when nothing was said.
    message: Option<MessageObject>,
    usage: Option<UsageObject>,
    /// Whether another attempt may succeed.
    retryable: bool,
    retry_after_ms: Option<i32>,
    seq: Option<Seq>,
    epoch: Option<ID>,
}

/// Another run's words are her answer from now on.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "TurnChosen", context = Context)]
pub struct TurnChosenFrame {
    turn_id: ID,
    run: i32,
    /// Never null here.
    message: Option<MessageObject>,
    seq: Option<Seq>,
    epoch: Option<ID>,
}

/// The chats of these turns are taken back.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "TurnVoided", context = Context)]
pub struct TurnVoidedFrame {
    from_turn_no: i32,
    to_turn_no: i32,
    seq: Option<Seq>,
    epoch: Option<ID>,
}

/// A row of the ledger, in the ledger's order.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "RelationshipUpdated", context = Context)]
pub struct RelationshipUpdatedFrame {
    version: i32,
    affection: i32,
    level: i32,
    stage: StageEnum,
    interaction: Box<InteractionObject>,
    seq: Option<Seq>,
    epoch: Option<ID>,
}

/// An event came up, was resolved or has expired: its state tells.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "EventChanged", context = Context)]
pub struct EventChangedFrame {
    occurrence: Box<EventObject>,
    seq: Option<Seq>,
    epoch: Option<ID>,
}

/// What she answers, when it is no message.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "TurnCause", context = Context)]
pub struct TurnCauseObject {
    #[graphql(name = "type")]
    kind: TurnCauseEnum,
    /// The key of the gift.
    gift: Option<String>,
    /// The key of the date.
    date: Option<String>,
    occurrence_id: Option<ID>,
    /// The key of the event.
    event: Option<String>,
    /// The key of the choice.
    choice: Option<String>,
}

#[derive(Debug, Clone, Copy, GraphQLEnum)]
#[graphql(name = "TurnCauseType")]
pub enum TurnCauseEnum {
    Gift,
    Date,
    Occurrence,
}

/// Tokens, as the model's provider counts them.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "Usage", context = Context)]
pub struct UsageObject {
    prompt_tokens: i32,
    completion_tokens: i32,
}

/// Why she ended as she did.
#[derive(Debug, Clone, Copy, GraphQLEnum)]
#[graphql(name = "EndReason")]
pub enum EndReasonEnum {
    Length,
    TooLong,
    ProviderFailed,
    ProviderUnavailable,
    ProviderTimeout,
    Filtered,
    Cut,
    Empty,
    Draining,
    Abandoned,
}
