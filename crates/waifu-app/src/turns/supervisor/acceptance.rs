//! How a message becomes a turn: stored in one commit, or known from before.

use std::sync::Arc;
use std::time::Duration;

use tracing::warn;
use waifu_domain::ids::TurnId;
use waifu_domain::relationship::Horizon;
use waifu_domain::turn::plain_text;

use super::{Begun, Inner, NotBegun, Started, TurnDraft};
use crate::failpoint;
use crate::log::chain;
use crate::ports::store::{StoreError, UnitOfWork, finish};
use crate::ports::turn_store::{Accepted, DurableEvent, FirstMeeting, NewTurn, Opening, TurnRef};
use crate::turns::news::{Happening, Numbered};

/// At most so many events of one relationship happen while an acceptance is looked for.
const A_MOMENT: u32 = 100;
/// How long it is waited for before each look at what became of an acceptance without an answer.
const LOOKS: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(2),
];

pub(super) enum New {
    Started {
        opening: Box<Opening>,
        news: Vec<Numbered>,
        started: Started,
    },
    Duplicate(TurnRef),
}

impl Inner {
    /// The turn that this very message was accepted as; `None` when it is new.
    pub(super) async fn sent_before(&self, draft: &TurnDraft) -> Result<Option<Begun>, NotBegun> {
        let mut work = self.parts.store.snapshot().await?;
        let found = earlier_turn(&mut *work, draft).await;
        match finish(work, found).await? {
            None => Ok(None),
            Some((turn, said)) if said == draft.text.as_str() => Ok(Some(Begun::Duplicate(turn))),
            Some(_) => Err(NotBegun::Mismatch),
        }
    }

    pub(super) async fn accept(&self, draft: TurnDraft) -> Result<New, NotBegun> {
        let ids = &self.parts.ids;
        let now = self.parts.clock.now();
        let client_message_id = draft.client_message_id;
        let (turn_id, message_id) = (ids.fresh(), ids.fresh());
        let horizon = self.parts.rule_book.horizon(now);
        let new_turn = NewTurn {
            turn_id,
            pair: draft.pair,
            conversation_id: draft.conversation_id,
            client_message_id,
            message_id,
            text: draft.text,
            appraisal: draft.appraisal,
            process: self.process,
            lease: self.lease(),
            at: now,
            history_limit: self.limits.history,
            horizon,
            first_meeting: FirstMeeting {
                relationship_id: ids.fresh(),
                conversation_id: ids.fresh(),
                epoch: ids.fresh(),
            },
        };
        failpoint::pass("accept.asked");
        let accepted = self.parts.turns.accept(new_turn).await;
        failpoint::pass("accept.answered");
        let (opening, seq) = match accepted {
            Ok(Accepted::New(opening)) => {
                let seq = opening.standing.relationship.head.seq;
                (opening, seq)
            }
            Ok(Accepted::Duplicate(turn)) => return Ok(New::Duplicate(turn)),
            Ok(Accepted::Mismatch) => return Err(NotBegun::Mismatch),
            Ok(Accepted::Busy(turn)) => return Err(NotBegun::Busy(turn)),
            Ok(Accepted::NoSuchWaifu) => return Err(NotBegun::NoSuchWaifu),
            Ok(Accepted::WaifuGone) => return Err(NotBegun::WaifuGone),
            Ok(Accepted::NoSuchConversation) => return Err(NotBegun::NoSuchConversation),
            Err(lost) => {
                let (opening, seq) = self.recognise(turn_id, horizon, lost).await?;
                (Box::new(opening), seq)
            }
        };
        let turn = opening.standing.turn;
        let started = Started {
            turn,
            epoch: opening.standing.relationship.epoch,
            seq,
        };
        let happenings = Happening::of_acceptance(turn, message_id, client_message_id);
        let news = happenings.into_iter().map(Arc::new).zip(started.seq - 1..);
        Ok(New::Started {
            news: news
                .map(|(happening, seq)| Numbered { seq, happening })
                .collect(),
            opening,
            started,
        })
    }

    /// After an acceptance without an answer: whether it was committed all the same, which the turn's id tells. With the
    /// number of its start.
    async fn recognise(
        &self,
        turn: TurnId,
        horizon: Horizon,
        lost: StoreError,
    ) -> Result<(Opening, u64), StoreError> {
        if matches!(lost, StoreError::Failed(_)) {
            return Err(lost);
        }
        for pause in LOOKS {
            tokio::time::sleep(pause).await;
            match self.accepted(turn, horizon).await {
                Ok(Some(accepted)) => return Ok(accepted),
                Ok(None) => return Err(lost),
                Err(error) => warn!(
                    error = chain(&error),
                    "failed to see what became of a message"
                ),
            }
        }
        Err(lost)
    }

    /// What became of a turn that was to be accepted a moment ago. Something else may have happened since, so its start
    /// is looked for in the log.
    async fn accepted(
        &self,
        turn: TurnId,
        horizon: Horizon,
    ) -> Result<Option<(Opening, u64)>, StoreError> {
        let history = self.limits.history;
        let Some(opening) = self.parts.turns.opening(turn, history, horizon).await? else {
            return Ok(None);
        };
        let relationship = &opening.standing.relationship;
        let after = relationship.head.seq.saturating_sub(A_MOMENT.into());
        let mut work = self.parts.store.snapshot().await?;
        let logged = work
            .event_log()
            .after(relationship.id, after, A_MOMENT)
            .await;
        let start = finish(work, logged).await?.into_iter().find(|logged| {
            let event = &logged.event;
            matches!(event, DurableEvent::TurnStarted { turn_id, .. } if *turn_id == turn)
        });
        let start = start.ok_or_else(|| StoreError::Failed("a turn has no start".into()))?;
        Ok(Some((opening, start.seq)))
    }
}

/// The turn that was begun with the draft's `client_message_id`, and what was said then.
async fn earlier_turn(
    work: &mut dyn UnitOfWork,
    draft: &TurnDraft,
) -> Result<Option<(TurnRef, String)>, StoreError> {
    let Some(relationship) = work.relationships().find(draft.pair).await? else {
        return Ok(None);
    };
    let turn = work
        .messages()
        .turn_of(relationship.id, draft.client_message_id)
        .await?;
    let Some(turn) = turn else { return Ok(None) };
    let outcome = work.messages().outcome(turn).await?;
    Ok(outcome.map(|outcome| {
        let said = outcome
            .message
            .map_or_else(String::new, |message| plain_text(&message.parts));
        (outcome.turn, said)
    }))
}
