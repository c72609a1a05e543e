//! One call of the model: its words go out as they come, under limits of size and time.

use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;
use tracing::warn;
use waifu_domain::relationship::Pair;
use waifu_domain::turn::EndReason;

use super::ending::Ending;
use super::frames::Frame;
use super::limits::TurnLimits;
use super::registry::Streaming;
use crate::log::chain;
use crate::ports::fanout::Fanout;
use crate::ports::language_model::{LanguageModel, ModelError, ReplyPart, ReplyRequest};
use crate::ports::turn_store::TurnRef;

/// What a reply is streamed with.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    pub(super) model: &'a dyn LanguageModel,
    pub(super) fanout: &'a dyn Fanout,
    pub(super) limits: &'a TurnLimits,
    /// Cancelled when a draining server's grace is over.
    pub(super) hurry: &'a CancellationToken,
}

/// Streams one reply. `None`: somebody else ended the run meanwhile, and what came is to be discarded.
pub(super) async fn stream_reply(
    stage: &Stage<'_>,
    pair: Pair,
    turn: TurnRef,
    request: ReplyRequest,
    streaming: &Streaming,
) -> Option<Ending> {
    tokio::select! {
        biased;
        () = streaming.lost.cancelled() => None,
        () = stage.hurry.cancelled() => Some(Ending::broken_off(streaming.said(), EndReason::Draining)),
        () = tokio::time::sleep(stage.limits.whole_reply) => {
            Some(Ending::broken_off(streaming.said(), EndReason::ProviderTimeout))
        }
        ending = listen(stage, pair, turn, request, streaming) => Some(ending),
    }
}

async fn listen(
    stage: &Stage<'_>,
    pair: Pair,
    turn: TurnRef,
    request: ReplyRequest,
    streaming: &Streaming,
) -> Ending {
    let mut parts = match stage.model.reply(request).await {
        Ok(parts) => parts,
        Err(error) => return fault(turn, streaming.said(), &error),
    };
    while let Some(part) = parts.next().await {
        match part {
            Ok(ReplyPart::Text(text)) => {
                // PostgreSQL stores no NUL, and no reply needs one.
                let mut text = text.replace('\0', "");
                let too_long = streaming.say(&mut text, stage.limits.reply_bytes);
                if !text.is_empty() {
                    let frame = Frame::Delta {
                        turn_id: turn.turn_id,
                        run: turn.run,
                        text: text.into(),
                    };
                    stage.fanout.publish(pair, frame);
                }
                if too_long {
                    return Ending::broken_off(streaming.said(), EndReason::TooLong);
                }
            }
            Ok(ReplyPart::Done { finish, usage }) => {
                return Ending::finished(streaming.said(), finish, usage);
            }
            Err(error) => return fault(turn, streaming.said(), &error),
        }
    }
    fault(turn, streaming.said(), &ModelError::Cut(None))
}

fn fault(turn: TurnRef, said: String, error: &ModelError) -> Ending {
    warn!(
        turn = %turn.turn_id,
        run = turn.run,
        error = chain(error),
        "the model's reply broke off"
    );
    Ending::broken_off(said, EndReason::from(error))
}
