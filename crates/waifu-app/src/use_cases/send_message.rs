//! A message to her: her answer is streamed to those who watch, or waited for.

use std::sync::Arc;

use waifu_domain::ids::{ClientMessageId, ConversationId, Epoch, TurnId, WaifuId};
use waifu_domain::relationship::Pair;
use waifu_domain::turn::MessageText;

use super::access::Unseen;
use super::await_answer::{Answer, AwaitAnswer, Look, NoAnswer};
use super::follow::{ResumeFrom, can_resume};
use crate::caller::Caller;
use crate::ports::appraiser::Appraiser;
use crate::ports::clock::Clock;
use crate::ports::store::{Store, StoreError, TurnOutcome, UnitOfWork, finish};
use crate::turns::hub::{Hub, Watch};
use crate::turns::{Begun, NotBegun, Supervisor, TurnDraft};

#[derive(Debug, Clone)]
pub struct SendMessage {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub hub: Hub,
    pub appraiser: Arc<dyn Appraiser>,
    pub supervisor: Supervisor,
    pub await_answer: AwaitAnswer,
}

#[derive(Debug, Clone)]
pub struct OutgoingMessage {
    pub waifu_id: WaifuId,
    pub conversation_id: Option<ConversationId>,
    pub client_message_id: ClientMessageId,
    pub text: MessageText,
}

#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    #[error(transparent)]
    NotBegun(#[from] NotBegun),
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
}

/// A turn to be watched from where its watcher is.
#[derive(Debug)]
pub struct StreamedTurn {
    pub turn_id: TurnId,
    pub epoch: Epoch,
    pub start: StreamStart,
    pub watch: Watch,
    /// The events up to this number tell how the turn ended; `None`: it streams.
    pub ends_by: Option<u64>,
}

#[derive(Debug)]
pub enum StreamStart {
    /// Its events follow from the first on, or from where its watcher was.
    Replay,
    /// The message was accepted before, and its watcher does not know more than that.
    Again(Box<TurnOutcome>),
}

impl SendMessage {
    /// Returns when the message is stored; her answer goes out to the watchers of the pair.
    pub async fn begin(&self, caller: Caller, message: OutgoingMessage) -> Result<Begun, NotBegun> {
        let appraisal = self.appraiser.appraise(message.text.as_str()).await;
        let draft = TurnDraft {
            pair: pair(caller, message.waifu_id),
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
        let watch = self.hub.watch(pair(caller, message.waifu_id));
        let (turn, look) = match self.begin(caller, message).await? {
            Begun::Started(started) => (started.turn, Look::Later),
            Begun::Duplicate(turn) => (turn, Look::First),
        };
        let run = (turn.turn_id, turn.run);
        Ok(self.await_answer.of(&watch, run, look).await?)
    }

    /// Returns when the message is stored, with what tells of its turn. `resume` is where the watcher of a message that
    /// was sent before has come to.
    pub async fn stream(
        &self,
        caller: Caller,
        message: OutgoingMessage,
        resume: Option<ResumeFrom>,
    ) -> Result<StreamedTurn, NotBegun> {
        let mut watch = self.hub.watch(pair(caller, message.waifu_id));
        match self.begin(caller, message).await? {
            Begun::Started(started) => {
                watch.start_after(started.seq - 2);
                Ok(StreamedTurn {
                    turn_id: started.turn.turn_id,
                    epoch: started.epoch,
                    start: StreamStart::Replay,
                    watch,
                    ends_by: None,
                })
            }
            Begun::Duplicate(turn) => {
                let mut work = self.store.snapshot().await?;
                let streamed = self.again(&mut *work, watch, turn.turn_id, resume).await;
                Ok(finish(work, streamed).await?)
            }
        }
    }

    /// A turn between the caller and her as it is stored, whether it has ended or not; `None`: no such turn.
    pub async fn outcome(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
        turn: TurnId,
    ) -> Result<Option<TurnOutcome>, StoreError> {
        let mut work = self.store.snapshot().await?;
        let outcome = outcome_between(&mut *work, pair(caller, waifu_id), turn).await;
        finish(work, outcome).await
    }

    /// Stops her answer, if it streams: its words so far are kept. `None`: no such turn.
    pub async fn cancel(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
        turn: TurnId,
    ) -> Result<Option<Answer>, NoAnswer> {
        let watch = self.hub.watch(pair(caller, waifu_id));
        let outcome = self
            .outcome(caller, waifu_id, turn)
            .await
            .map_err(Unseen::from)?;
        let Some(outcome) = outcome else {
            return Ok(None);
        };
        if outcome.status.ended().is_none() {
            self.supervisor.cancel(turn).await.map_err(Unseen::from)?;
        }
        let run = (turn, outcome.turn.run);
        self.await_answer
            .of(&watch, run, Look::First)
            .await
            .map(Some)
    }

    async fn again(
        &self,
        work: &mut dyn UnitOfWork,
        mut watch: Watch,
        turn: TurnId,
        resume: Option<ResumeFrom>,
    ) -> Result<StreamedTurn, StoreError> {
        let missing = |what| StoreError::Failed(format!("a turn without its {what}").into());
        let relationship = work.relationships().find(watch.pair()).await?;
        let relationship = relationship.ok_or_else(|| missing("relationship"))?;
        let outcome = work.messages().outcome(turn).await?;
        let outcome = outcome.ok_or_else(|| missing("runs"))?;
        let now = self.clock.now();
        let from = match resume {
            Some(from) if can_resume(work, Some(&relationship), from, now).await? => Some(from),
            Some(_) | None => None,
        };
        let head = relationship.head.seq;
        watch.start_after(from.map_or(head, |from| from.seq));
        watch.expect_up_to(head);
        let start = match from {
            Some(_) => StreamStart::Replay,
            None => StreamStart::Again(Box::new(outcome.clone())),
        };
        Ok(StreamedTurn {
            turn_id: turn,
            epoch: relationship.epoch,
            start,
            watch,
            ends_by: outcome.status.ended().map(|_| head),
        })
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

fn pair(caller: Caller, waifu_id: WaifuId) -> Pair {
    Pair {
        user_id: caller.user_id,
        waifu_id,
    }
}
