//! The second commit of a turn: what the run said, what the judge makes of it, and the news of both.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{error, warn};
use waifu_domain::affection::{Act, RuleBook, Setting, Verdict};
use waifu_domain::catalogue::Events;
use waifu_domain::ids::TurnId;
use waifu_domain::prompt::{Occasion, compose};
use waifu_domain::turn::{Emotion, Message, MessagePart, Speaker, plain_text};

use super::append;
use super::budget::{Budget, tokens_of};
use super::ending::Ending;
use super::hub::Hub;
use super::news::{Happening, Numbered, TurnDone};
use super::scene::scene;
use crate::catalogues::Catalogues;
use crate::failpoint;
use crate::log::chain;
use crate::ports::clock::Clock;
use crate::ports::expressions::Expressions;
use crate::ports::ids::IdSource;
use crate::ports::store::{Store, StoreError, finish};
use crate::ports::turn_store::{
    Authority, DurableEvent, Reply, Settled, Settlement, Standing, TurnStore,
};

/// How often a settlement that found the relationship moved is judged again before it is left to the reaper.
const STALE_ROUNDS: u32 = 16;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// What is left of patience once the server has to stop.
const LAST_PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Recorder {
    pub(super) turns: Arc<dyn TurnStore>,
    pub(super) hub: Hub,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdSource>,
    pub(super) store: Arc<dyn Store>,
    pub(super) rule_book: Arc<RuleBook>,
    pub(super) catalogues: Arc<Catalogues>,
    pub(super) expressions: Arc<dyn Expressions>,
    /// `None`: nobody pays for anything.
    pub(super) budget: Option<Budget>,
    /// Earlier messages that a prompt was made from.
    pub(super) history: u32,
    /// How long a store that is out of reach is waited for, with the reply in hand.
    pub(super) patience: Duration,
    /// Once cancelled, a store that is away is waited for only a little longer.
    pub(super) hurry: CancellationToken,
}

impl Recorder {
    /// Ends a run, however often the relationship moves or the store is away meanwhile; both are bounded, and
    /// what can't be settled here is left to a reaper. `said` is the user's message.
    pub(super) async fn settle(
        &self,
        mut standing: Standing,
        said: Option<&str>,
        authority: Authority,
        ending: &Ending,
    ) {
        let turn = standing.turn;
        let pair = standing.relationship.pair;
        match self
            .settle_or_explain(&mut standing, said, authority, ending)
            .await
        {
            Ok(news) => self.hub.publish(pair, news),
            Err(unsettled) => {
                match unsettled {
                    Unsettled::EndedByAnother => {
                        warn!(turn = %turn.turn_id, run = turn.run, "the run had ended already");
                    }
                    Unsettled::KeepsMoving => {
                        error!(turn = %turn.turn_id, run = turn.run, "failed to settle: the relationship keeps moving");
                    }
                    Unsettled::Store(error) => {
                        error!(turn = %turn.turn_id, run = turn.run, error = chain(&error), "failed to settle a run");
                    }
                }
                self.hub.lose(pair, (turn.turn_id, turn.run));
            }
        }
    }

    async fn settle_or_explain(
        &self,
        standing: &mut Standing,
        said: Option<&str>,
        authority: Authority,
        ending: &Ending,
    ) -> Result<Vec<Numbered>, Unsettled> {
        let mut patience = Patience {
            left: self.patience,
            pause: FIRST_PAUSE,
            hurry: &self.hurry,
        };
        let emotion = self.expressions.read(&ending.text).await;
        for _ in 0..STALE_ROUNDS {
            let catalogue = self.catalogues.current().await;
            let events = catalogue.events();
            let settlement = self.settlement(standing, events, authority, (ending, emotion));
            let mut answer_was_lost = false;
            let settled = loop {
                failpoint::pass("settle.asked");
                let settled = self.turns.settle(settlement.clone()).await;
                failpoint::pass("settle.answered");
                match settled {
                    Ok(settled) => break settled,
                    Err(error) => patience.wait_after(error).await?,
                }
                answer_was_lost = true;
            };
            match settled {
                Settled::Done => return Ok(news(settlement, said, events, ending)),
                Settled::EndedByAnother if answer_was_lost => {
                    let is_ours = loop {
                        match self.is_ours(&settlement).await {
                            Ok(is_ours) => break is_ours,
                            Err(error) => patience.wait_after(error).await?,
                        }
                    };
                    let ended = is_ours.then(|| news(settlement, said, events, ending));
                    return ended.ok_or(Unsettled::EndedByAnother);
                }
                Settled::EndedByAnother => return Err(Unsettled::EndedByAnother),
                Settled::Stale => {
                    let horizon = self.rule_book.horizon(self.clock.now());
                    let turn_id = standing.turn.turn_id;
                    let read_again = loop {
                        match self.turns.standing(turn_id, horizon).await {
                            Ok(found) => break found,
                            Err(error) => patience.wait_after(error).await?,
                        }
                    };
                    *standing = read_again.ok_or(Unsettled::EndedByAnother)?;
                }
            }
        }
        Err(Unsettled::KeepsMoving)
    }

    /// Ends a run that this process does not stream, with the words that its last heartbeat saved.
    pub(super) async fn end(
        &self,
        turn: TurnId,
        authority: Authority,
        ending: impl FnOnce(String) -> Ending,
    ) -> Result<(), StoreError> {
        let horizon = self.rule_book.horizon(self.clock.now());
        let Some(standing) = self.turns.standing(turn, horizon).await? else {
            return Ok(());
        };
        if standing.ended.is_some() {
            return Ok(());
        }
        let mut work = self.store.snapshot().await?;
        let outcome = work.messages().outcome(turn).await;
        let said = finish(work, outcome)
            .await?
            .and_then(|outcome| outcome.message)
            .map(|message| plain_text(&message.parts));
        let asked = match self.budget {
            Some(_) => self.asked(turn, said.as_deref()).await?,
            None => 0,
        };
        let ending = Ending {
            asked,
            ..ending(standing.words_so_far.clone())
        };
        self.settle(standing, said.as_deref(), authority, &ending)
            .await;
        Ok(())
    }

    /// What the model may have read for a run that somebody else streamed.
    async fn asked(&self, turn: TurnId, said: Option<&str>) -> Result<u64, StoreError> {
        let horizon = self.rule_book.horizon(self.clock.now());
        let opening = self.turns.opening(turn, self.history, horizon).await?;
        Ok(opening.map_or(0, |opening| {
            let said = said.unwrap_or_default().to_owned();
            let occasion = Occasion::Chat { said };
            let (standing, history) = (&opening.standing, opening.history);
            tokens_of(&compose(&scene(
                &self.rule_book,
                standing,
                history,
                occasion,
            )))
        }))
    }

    /// Whether it was this settlement that ended the run: its commit came through and the answer did not. The
    /// reply's id tells; without one nothing does, and the news are for the log to tell.
    async fn is_ours(&self, settlement: &Settlement) -> Result<bool, StoreError> {
        let Some(reply) = &settlement.reply else {
            return Ok(false);
        };
        let mut work = self.store.snapshot().await?;
        let outcome = work.messages().outcome(settlement.turn.turn_id).await;
        let stored = finish(work, outcome).await?;
        let stored = stored.and_then(|stored| stored.reply);
        Ok(stored.is_some_and(|stored| stored.id == reply.message_id))
    }

    fn settlement(
        &self,
        standing: &Standing,
        events: &Events,
        authority: Authority,
        (ending, emotion): (&Ending, Emotion),
    ) -> Settlement {
        let verdict = self.verdict(standing, events, ending);
        let at = verdict
            .as_ref()
            .map_or_else(|| self.clock.now(), |verdict| verdict.at);
        let reply = ending.was_heard().then(|| Reply {
            message_id: self.ids.fresh(),
            text: ending.text.clone(),
            emotion,
        });
        let relationship = &standing.relationship;
        let mut append = match verdict {
            Some(verdict) => {
                append::of_verdict(relationship, verdict, self.rule_book.hash(), &*self.ids)
            }
            None => append::nothing(relationship, at),
        };
        append.events.push(DurableEvent::TurnDone {
            turn_id: standing.turn.turn_id,
            run: standing.turn.run,
            status: ending.status,
            reason: ending.reason,
            message_id: reply.as_ref().map(|reply| reply.message_id),
            usage: ending.usage,
            retry_after_ms: ending.retry_after_ms(),
        });
        Settlement {
            turn: standing.turn,
            conversation_id: standing.conversation_id,
            authority,
            status: ending.status,
            reason: ending.reason,
            usage: ending.usage,
            spent: self
                .budget
                .as_ref()
                .map(|budget| budget.spent(relationship.pair.user_id, ending)),
            at,
            reply,
            append,
        }
    }

    /// `None` when the run moves nothing: nothing was said, or the turn has no appraisal left to spend.
    fn verdict(&self, standing: &Standing, events: &Events, ending: &Ending) -> Option<Verdict> {
        let appraisal = standing.appraisal.filter(|_| ending.was_heard())?;
        let act = Act::Chat {
            turn_id: standing.turn.turn_id,
            appraisal,
        };
        let setting = Setting {
            waifu: &standing.waifu.profile,
            person: &standing.person,
            events,
        };
        let now = self.clock.now();
        // Chat is never refused; were a rule to refuse it, the words would still stand.
        self.rule_book
            .judge(setting, &standing.state, &act, now)
            .ok()
    }
}

/// How long a store that is out of reach is still waited for, with growing pauses.
#[derive(Debug)]
struct Patience<'a> {
    left: Duration,
    pause: Duration,
    hurry: &'a CancellationToken,
}

impl Patience<'_> {
    async fn wait_after(&mut self, error: StoreError) -> Result<(), StoreError> {
        match error {
            StoreError::Unavailable(_) if !self.left.is_zero() => {
                if self.hurry.is_cancelled() {
                    self.left = self.left.min(LAST_PATIENCE);
                }
                tokio::time::sleep(self.pause).await;
                self.left = self.left.saturating_sub(self.pause);
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                Ok(())
            }
            StoreError::Unavailable(_) | StoreError::Failed(_) => Err(error),
        }
    }
}

#[derive(Debug)]
enum Unsettled {
    EndedByAnother,
    KeepsMoving,
    Store(StoreError),
}

impl From<StoreError> for Unsettled {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A settlement's durable events, in their order.
fn news(
    settlement: Settlement,
    said: Option<&str>,
    events: &Events,
    ending: &Ending,
) -> Vec<Numbered> {
    let turn = settlement.turn;
    let message = settlement.reply.map(|reply| Message {
        id: reply.message_id,
        conversation_id: settlement.conversation_id,
        turn_id: turn.turn_id,
        turn_no: turn.turn_no,
        speaker: Speaker::Waifu,
        parts: vec![MessagePart::text(reply.text)],
        status: settlement.status.into(),
        emotion: Some(reply.emotion),
        created_at: settlement.at,
    });
    let done = Happening::TurnDone(TurnDone {
        turn_id: turn.turn_id,
        run: turn.run,
        status: settlement.status,
        reason: settlement.reason,
        message,
        usage: settlement.usage,
        retry_after_ms: ending.retry_after_ms(),
    });
    append::told(settlement.append, said, events, [done])
}
