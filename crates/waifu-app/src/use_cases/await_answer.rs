//! Her answer, waited for: the hand-over in memory is a hint, and what is stored is what counts.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use waifu_domain::ids::TurnId;
use waifu_domain::relationship::Pair;
use waifu_domain::turn::RunNo;

use super::access::Unseen;
use super::read_relationship::{ReadRelationship, RelationshipView};
use crate::ports::store::{Store, StoreError, TurnOutcome, UnitOfWork, finish};
use crate::turns::hub::Watch;

#[derive(Debug, Clone)]
pub struct AwaitAnswer {
    pub store: Arc<dyn Store>,
    pub read_relationship: ReadRelationship,
    /// How long an answer is waited for.
    pub patience: Duration,
}

/// A turn that has ended, and where the two stand after it.
#[derive(Debug, Clone)]
pub struct Answer {
    pub outcome: TurnOutcome,
    pub relationship: RelationshipView,
}

#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// It is being answered; the answer takes longer than anybody should wait.
    #[error("the answer is still on its way")]
    StillStreaming(TurnId),
    #[error(transparent)]
    Unseen(#[from] Unseen),
}

/// Whether the turn may have ended before the watch began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    First,
    Later,
}

impl AwaitAnswer {
    /// Returns when the run, or a later one of its turn, has ended. `watch` was begun before the run.
    pub(super) async fn of(
        &self,
        watch: &Watch,
        (turn, run): (TurnId, RunNo),
        mut look: Look,
    ) -> Result<Answer, NoAnswer> {
        let deadline = Instant::now() + self.patience;
        while Instant::now() < deadline {
            if look == Look::Later {
                watch.wait_for_end(turn).await;
            }
            look = Look::Later;
            match self.look(watch.pair(), turn, run).await {
                Ok(Some(answer)) => return Ok(answer),
                // What was asked for is stored whatever becomes of the store now, so it is still waited for.
                Ok(None) | Err(Unseen::Store(StoreError::Unavailable(_))) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(NoAnswer::StillStreaming(turn))
    }

    async fn look(&self, pair: Pair, turn: TurnId, run: RunNo) -> Result<Option<Answer>, Unseen> {
        let mut work = self.store.snapshot().await?;
        let answer = self.ended(&mut *work, pair, turn, run).await;
        finish(work, answer).await
    }

    async fn ended(
        &self,
        work: &mut dyn UnitOfWork,
        pair: Pair,
        turn: TurnId,
        run: RunNo,
    ) -> Result<Option<Answer>, Unseen> {
        let outcome = work.messages().outcome(turn).await?;
        let has_ended =
            |outcome: &TurnOutcome| outcome.status.ended().is_some() && outcome.turn.run >= run;
        let Some(outcome) = outcome.filter(has_ended) else {
            return Ok(None);
        };
        let relationship = self.read_relationship.view(work, pair).await?;
        Ok(Some(Answer {
            outcome,
            relationship,
        }))
    }
}
