//! From the frames of the chat protocol to those of the schema.

use juniper::ID;
use uuid::Uuid;
use waifu_app::turns::news::Words;
use waifu_domain::ids::Epoch;
use waifu_domain::turn::{EndReason, Usage};

use super::{
    ChatFrame, EndReasonEnum, EventChangedFrame, MessageAcceptedFrame, RelationshipUpdatedFrame,
    TurnCauseEnum, TurnCauseObject, TurnChosenFrame, TurnDeltaFrame, TurnDoneFrame,
    TurnSnapshotFrame, TurnStartedFrame, TurnVoidedFrame, UsageObject,
};
use crate::frames::{FrameBody, ServerFrame, WordsView};
use crate::graphql::objects::signed;
use crate::graphql::scalars::Seq;
use crate::rest::views::CauseView;

impl ChatFrame {
    /// `None`: a frame that only sockets of the chat protocol are told.
    #[expect(clippy::too_many_lines, reason = "an arm for each frame")]
    pub fn new(frame: ServerFrame, epoch: Option<Epoch>) -> Option<Self> {
        let seq = frame.seq.map(Seq);
        let epoch = epoch.filter(|_| seq.is_some()).map(id);
        Some(match frame.body {
            FrameBody::MessageAccepted {
                client_message_id,
                message_id,
                turn_id,
                turn_no,
                duplicate,
            } => Self::MessageAccepted(MessageAcceptedFrame {
                client_message_id: id(client_message_id),
                message_id: id(message_id),
                turn_id: id(turn_id),
                turn_no: signed(turn_no),
                duplicate,
                seq,
                epoch,
            }),
            FrameBody::TurnStarted {
                turn_id,
                turn_no,
                run,
                kind,
                cause,
            } => Self::TurnStarted(TurnStartedFrame {
                turn_id: id(turn_id),
                turn_no: signed(turn_no),
                run: signed(run),
                kind: kind.into(),
                cause: cause.and_then(TurnCauseObject::new),
                seq,
                epoch,
            }),
            FrameBody::TurnDelta(words) => Self::TurnDelta(TurnDeltaFrame {
                turn_id: id(words.turn_id),
                run: signed(words.run),
                attempt: signed(words.attempt),
                index: count(words.index),
                text: words.text,
            }),
            FrameBody::TurnSnapshot(words) => Self::TurnSnapshot(words.into()),
            FrameBody::TurnDone {
                turn_id,
                run,
                status,
                reason,
                message,
                // The message has it too.
                emotion: _,
                usage,
                retryable,
                retry_after_ms,
            } => Self::TurnDone(TurnDoneFrame {
                turn_id: id(turn_id),
                run: signed(run),
                status: status.into(),
                reason: reason.map(Into::into),
                message: message.map(Into::into),
                usage: usage.map(Into::into),
                retryable,
                retry_after_ms: retry_after_ms.map(count),
                seq,
                epoch,
            }),
            FrameBody::TurnChosen {
                turn_id,
                run,
                message,
            } => Self::TurnChosen(TurnChosenFrame {
                turn_id: id(turn_id),
                run: signed(run),
                message: Some(message.into()),
                seq,
                epoch,
            }),
            FrameBody::RelationshipUpdated {
                version,
                affection,
                level,
                stage,
                interaction,
            } => Self::RelationshipUpdated(RelationshipUpdatedFrame {
                version: signed(version),
                affection,
                level: level.into(),
                stage: stage.into(),
                interaction: Box::new((*interaction).into()),
                seq,
                epoch,
            }),
            FrameBody::TurnVoided {
                from_turn_no,
                to_turn_no,
            } => Self::TurnVoided(TurnVoidedFrame {
                from_turn_no: signed(from_turn_no),
                to_turn_no: signed(to_turn_no),
                seq,
                epoch,
            }),
            FrameBody::EventOpened { occurrence }
            | FrameBody::EventResolved { occurrence }
            | FrameBody::EventExpired { occurrence } => Self::EventChanged(EventChangedFrame {
                occurrence: Box::new((*occurrence).into()),
                seq,
                epoch,
            }),
            FrameBody::Ready(_)
            | FrameBody::Error { .. }
            | FrameBody::Ping
            | FrameBody::Reconnect { .. } => return None,
        })
    }
}

impl From<Words> for TurnSnapshotFrame {
    fn from(words: Words) -> Self {
        WordsView::from(words).into()
    }
}

impl From<WordsView> for TurnSnapshotFrame {
    fn from(words: WordsView) -> Self {
        Self {
            turn_id: id(words.turn_id),
            run: signed(words.run),
            attempt: signed(words.attempt),
            index: count(words.index),
            text: words.text,
        }
    }
}

impl TurnCauseObject {
    /// `None` for what she does not answer.
    fn new(cause: CauseView) -> Option<Self> {
        let of = |kind| Self {
            kind,
            gift: None,
            date: None,
            occurrence_id: None,
            event: None,
            choice: None,
        };
        Some(match cause {
            CauseView::Gift { gift } => Self {
                gift: Some(gift),
                ..of(TurnCauseEnum::Gift)
            },
            CauseView::Date { date } => Self {
                date: Some(date),
                ..of(TurnCauseEnum::Date)
            },
            CauseView::Occurrence {
                occurrence_id,
                event,
                choice,
            } => Self {
                occurrence_id: Some(id(occurrence_id)),
                event: Some(event),
                choice: Some(choice),
                ..of(TurnCauseEnum::Occurrence)
            },
            CauseView::Turn { .. }
            | CauseView::Absence
            | CauseView::Voided { .. }
            | CauseView::Operator { .. } => return None,
        })
    }
}

impl From<Usage> for UsageObject {
    fn from(usage: Usage) -> Self {
        Self {
            prompt_tokens: signed(usage.prompt_tokens),
            completion_tokens: signed(usage.completion_tokens),
        }
    }
}

impl From<EndReason> for EndReasonEnum {
    fn from(reason: EndReason) -> Self {
        match reason {
            EndReason::Length => Self::Length,
            EndReason::TooLong => Self::TooLong,
            EndReason::ProviderFailed => Self::ProviderFailed,
            EndReason::ProviderUnavailable => Self::ProviderUnavailable,
            EndReason::ProviderTimeout => Self::ProviderTimeout,
            EndReason::Filtered => Self::Filtered,
            EndReason::Cut => Self::Cut,
            EndReason::Empty => Self::Empty,
            EndReason::Draining => Self::Draining,
            EndReason::Abandoned => Self::Abandoned,
        }
    }
}

fn id(id: impl Into<Uuid>) -> ID {
    ID::new(id.into().to_string())
}

/// Deltas of one attempt and milliseconds are far from the end of `Int`.
fn count(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
