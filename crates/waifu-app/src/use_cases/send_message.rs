//! A message to her, and her answer: streamed to those who watch, or waited for.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use waifu_domain::ids::{ClientMessageId, ConversationId, TurnId, WaifuId};
use waifu_domain::relationship::Pair;
use waifu_domain::turn::MessageText;

use super::access::Unseen;
use super::read_relationship::{ReadRelationship, RelationshipView};
use crate::caller::Caller;
use crate::ports::appraiser::Appraiser;
use crate::ports::fanout::Fanout;
use crate::ports::store::{Store, StoreError, TurnOutcome, UnitOfWork, finish};
use crate::turns::frames::{Frame, Happening, Subscription};
use crate::turns::{Begun, NotBegun, Supervisor, TurnDraft};

/// The hand-over within the process is a hint: the store is asked again after so long without one.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug, Clone)]
pub struct SendMessage {
    pub store: Arc<dyn Store>,
    pub fanout: Arc<dyn Fanout>,
    pub appraiser: Arc<dyn Appraiser>,
    pub supervisor: Supervisor,
    pub read_relationship: ReadRelationship,
    /// How long an answer is waited for.
    pub patience: Duration,
}

#[derive(Debug, Clone)]
pub struct OutgoingMessage {
    pub waifu_id: WaifuId,
    pub conversation_id: Option<ConversationId>,
    pub client_message_id: ClientMessageId,
    pub text: MessageText,
}

/// A turn that has ended, and where the two stand after it.
#[derive(Debug, Clone)]
pub struct Answer {
    pub outcome: TurnOutcome,
    pub relationship: RelationshipView,
}

#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    #[error(transparent)]
    NotBegun(#[from] NotBegun),
    /// The message is stored and being answered; the answer takes longer than anybody should wait.
    #[error("the answer is still on its way")]
    StillStreaming(TurnId),
    #[error(transparent)]
    Unseen(#[from] Unseen),
}

impl From<StoreError> for AnswerError {
    fn from(error: StoreError) -> Self {
        Self::Unseen(error.into())
    }
}

impl SendMessage {
    /// Returns when the message is stored; her answer goes out to the watchers of the pair.
    pub async fn begin(&self, caller: Caller, message: OutgoingMessage) -> Result<Begun, NotBegun> {
        let appraisal = self.appraiser.appraise(message.text.as_str()).await;
        let draft = TurnDraft {
            pair: Pair {
                user_id: caller.user_id,
                waifu_id: message.waifu_id,
            },
            conversation_id: message.conversation_id,
            client_message_id: message.client_message_id,
            text: message.text,
            appraisal: Some(appraisal),
        };
        self.supervisor.begin(draft).await
    }

    /// Returns when her answer is stored. The same message sent again waits for the same answer.
    pub async fn execute(
        &self,
        caller: Caller,
        message: OutgoingMessage,
    ) -> Result<Answer, AnswerError> {
        let pair = Pair {
            user_id: caller.user_id,
            waifu_id: message.waifu_id,
        };
        let mut watch = self.fanout.subscribe(pair);
        let deadline = Instant::now() + self.patience;
        let (turn, mut look_first) = match self.begin(caller, message).await? {
            Begun::Started(turn) => (turn, false),
            Begun::Duplicate(turn) => (turn, true),
        };
        while Instant::now() < deadline {
            if !look_first {
                wait_for_news(&mut watch, turn.turn_id).await;
            }
            look_first = false;
            match self.look(caller, pair.waifu_id, turn.turn_id).await {
                Ok(Some(answer)) => return Ok(answer),
                // The message is stored whatever becomes of the store now, so its sender goes on waiting.
                Ok(None) | Err(AnswerError::Unseen(Unseen::Store(StoreError::Unavailable(_)))) => {}
                Err(error) => return Err(error),
            }
        }
        Err(AnswerError::StillStreaming(turn.turn_id))
    }

    /// A turn between the caller and her as it is stored, whether it has ended or not; `None`: no such turn.
    pub async fn outcome(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
        turn: TurnId,
    ) -> Result<Option<TurnOutcome>, StoreError> {
        let pair = Pair {
            user_id: caller.user_id,
            waifu_id,
        };
        let mut work = self.store.snapshot().await?;
        let outcome = outcome_between(&mut *work, pair, turn).await;
        finish(work, outcome).await
    }

    async fn look(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
        turn: TurnId,
    ) -> Result<Option<Answer>, AnswerError> {
        let mut work = self.store.snapshot().await?;
        let pair = Pair {
            user_id: caller.user_id,
            waifu_id,
        };
        let answer = self.ended(&mut *work, pair, turn).await;
        finish(work, answer).await
    }

    async fn ended(
        &self,
        work: &mut dyn UnitOfWork,
        pair: Pair,
        turn: TurnId,
    ) -> Result<Option<Answer>, AnswerError> {
        let outcome = work.messages().outcome(turn).await?;
        let Some(outcome) = outcome.filter(|outcome| outcome.status.ended().is_some()) else {
            return Ok(None);
        };
        let relationship = self.read_relationship.view(work, pair).await?;
        Ok(Some(Answer {
            outcome,
            relationship,
        }))
    }
}

async fn outcome_between(
    work: &mut dyn UnitOfWork,
    pair: Pair,
    turn: TurnId,
) -> Result<Option<TurnOutcome>, StoreError> {
    let Some(relationship) = work.relationships().find(pair).await? else {
        return Ok(None);
    };
    let outcome = work.messages().outcome(turn).await?;
    Ok(outcome.filter(|outcome| outcome.relationship_id == relationship.id))
}

/// Returns when the turn may have ended.
pub(super) async fn wait_for_news(watch: &mut Subscription, turn: TurnId) {
    let ended = async {
        loop {
            match watch.next().await.as_deref() {
                Ok(Frame::Durable {
                    happening: Happening::TurnDone(done),
                    ..
                }) if done.turn_id == turn => {
                    return;
                }
                Ok(Frame::Lost { turn_id, .. }) if *turn_id == turn => return,
                Ok(_) => {}
                // Frames were dropped, maybe the one that is waited for.
                Err(_) => return,
            }
        }
    };
    let _ = tokio::time::timeout(LOOK_AGAIN, ended).await;
}
