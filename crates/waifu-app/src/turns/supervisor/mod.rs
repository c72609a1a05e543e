//! The supervisor: owns every run of this process, from the moment that its message is accepted.

mod acceptance;
mod answering;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use acceptance::New;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;
use waifu_domain::affection::{Appraisal, RuleBook};
use waifu_domain::ids::{ClientMessageId, ConversationId, Epoch, ProcessId, TurnId, UserId};
use waifu_domain::prompt::Occasion;
use waifu_domain::relationship::Pair;
use waifu_domain::turn::MessageText;

use crate::catalogues::Catalogues;
use crate::log::chain;
use crate::ports::clock::Clock;
use crate::ports::expressions::Expressions;
use crate::ports::ids::IdSource;
use crate::ports::language_model::LanguageModel;
use crate::ports::neighbours::Neighbours;
use crate::ports::store::{Store, StoreError, UnitOfWork, finish};
use crate::ports::turn_store::{Authority, TurnRef, TurnStore};
use crate::turns::budget::{Budget, BudgetSpent};
use crate::turns::ending::Ending;
use crate::turns::forgetting::Forgetting;
use crate::turns::heart::Heart;
use crate::turns::hub::{Hub, Neighbourhood};
use crate::turns::limits::TurnLimits;
use crate::turns::news::Numbered;
use crate::turns::one_at_a_time::OneAtATime;
use crate::turns::provider::Provider;
use crate::turns::reaper::Reaper;
use crate::turns::recorder::Recorder;
use crate::turns::registry::{Full, Place, Registry};

/// How long a draining server waits for its last settlements.
const LAST_SETTLEMENTS: Duration = Duration::from_secs(10);
/// How long it then waits to tell the others that it is gone; they would find out by themselves.
const LAST_GOODBYE: Duration = Duration::from_secs(1);

#[derive(Debug, Clone)]
pub struct SupervisorParts {
    pub turns: Arc<dyn TurnStore>,
    pub store: Arc<dyn Store>,
    pub model: Arc<dyn LanguageModel>,
    pub hub: Hub,
    pub neighbours: Arc<dyn Neighbours>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub rule_book: Arc<RuleBook>,
    pub catalogues: Arc<Catalogues>,
    pub expressions: Arc<dyn Expressions>,
}

/// Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Supervisor {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    parts: SupervisorParts,
    limits: TurnLimits,
    provider: Provider,
    budget: Option<Budget>,
    recorder: Arc<Recorder>,
    registry: Arc<Registry>,
    messages: OneAtATime<(Pair, ClientMessageId)>,
    process: ProcessId,
    /// The runtime on which runs live on when the door that began them is gone.
    runtime: Handle,
    runs: TaskTracker,
    /// Cancelled when no new turn is taken any more.
    draining: CancellationToken,
    /// Cancelled when the running ones have to end.
    hurry: CancellationToken,
    /// Cancelled when the heart and the reaper may stop.
    stopped: CancellationToken,
}

/// A message to be answered.
#[derive(Debug, Clone)]
pub struct TurnDraft {
    pub pair: Pair,
    pub conversation_id: Option<ConversationId>,
    pub client_message_id: ClientMessageId,
    pub text: MessageText,
    pub appraisal: Option<Appraisal>,
}

/// The right to start a run that this process then streams.
#[derive(Debug, Clone, Copy)]
pub struct Grant {
    pub process: ProcessId,
    pub lease: time::Duration,
}

/// Gives an act the right to start a run, once it is sure that it wants one.
#[derive(Debug, Clone)]
pub struct Granter {
    inner: Arc<Inner>,
    user: UserId,
    place: Arc<Mutex<Option<Place>>>,
}

impl Granter {
    /// `None` when there is no room for her words, or nothing left to pay them with: the act stands without them. `work`
    /// is the act's own.
    pub async fn grant(&self, work: &mut dyn UnitOfWork) -> Result<Option<Grant>, StoreError> {
        match self.try_grant(work).await {
            Ok(grant) => Ok(Some(grant)),
            Err(NotBegun::Store(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// As [`Granter::grant`], for an act that is nothing without her words.
    pub async fn try_grant(&self, work: &mut dyn UnitOfWork) -> Result<Grant, NotBegun> {
        let place = self.inner.admit(self.user)?;
        if let Some(budget) = &self.inner.budget {
            budget.look(work, self.user).await??;
        }
        *self.place() = Some(place);
        Ok(Grant {
            process: self.inner.process,
            lease: self.inner.lease(),
        })
    }

    fn take(&self) -> Option<Place> {
        self.place().take()
    }

    fn place(&self) -> MutexGuard<'_, Option<Place>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An act that is committed.
#[derive(Debug)]
pub struct Done<T> {
    pub outcome: T,
    /// Its durable events.
    pub news: Vec<Numbered>,
    /// Her turn, which started with it.
    pub reaction: Option<Reaction>,
}

/// A run that was started with an act, and what she answers in it.
#[derive(Debug, Clone)]
pub struct Reaction {
    pub turn: TurnRef,
    pub occasion: Occasion,
}

/// A turn whose message is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Started {
    pub turn: TurnRef,
    pub epoch: Epoch,
    /// The number of its start; that of its acceptance is the one before.
    pub seq: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    Started(Started),
    /// The same message was accepted before.
    Duplicate(TurnRef),
}

/// Why a turn did not begin; nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum NotBegun {
    #[error("the client_message_id was used for another text")]
    Mismatch,
    #[error("another turn is being answered")]
    Busy(TurnRef),
    #[error("no such companion")]
    NoSuchWaifu,
    #[error("the companion is gone")]
    WaifuGone,
    #[error("no such conversation")]
    NoSuchConversation,
    #[error("the server is stopping")]
    Draining,
    #[error("as many replies are streaming as this server allows")]
    Full,
    #[error("as many replies are streaming as one user may have")]
    FullForThisUser,
    #[error("the user's budget of tokens is spent for today")]
    BudgetSpent {
        /// Until tomorrow.
        retry_after: Duration,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<BudgetSpent> for NotBegun {
    fn from(BudgetSpent { retry_after }: BudgetSpent) -> Self {
        Self::BudgetSpent { retry_after }
    }
}

impl Supervisor {
    /// As [`Supervisor::new`], tended.
    pub fn start(parts: SupervisorParts, limits: TurnLimits, runtime: Handle) -> Self {
        let supervisor = Self::new(parts, limits, runtime);
        supervisor.tend();
        supervisor
    }

    /// Its runs live on `runtime`.
    pub fn new(parts: SupervisorParts, limits: TurnLimits, runtime: Handle) -> Self {
        let registry = Registry::new(limits.clone());
        let hurry = CancellationToken::new();
        let budget = Budget::new(limits.tokens_per_user_and_day, &*parts.model, &parts.clock);
        let recorder = Arc::new(Recorder {
            turns: Arc::clone(&parts.turns),
            hub: parts.hub.clone(),
            clock: Arc::clone(&parts.clock),
            ids: Arc::clone(&parts.ids),
            rule_book: Arc::clone(&parts.rule_book),
            catalogues: Arc::clone(&parts.catalogues),
            expressions: Arc::clone(&parts.expressions),
            store: Arc::clone(&parts.store),
            budget: budget.clone(),
            history: limits.history,
            patience: limits.settling,
            hurry: hurry.clone(),
        });
        let process = parts.ids.fresh();
        let inner = Inner {
            parts,
            limits,
            provider: Provider::default(),
            budget,
            recorder,
            registry,
            messages: OneAtATime::default(),
            process,
            runtime,
            runs: TaskTracker::new(),
            draining: CancellationToken::new(),
            hurry,
            stopped: CancellationToken::new(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Starts what runs besides the turns: heart, reaper, neighbourhood and forgetting. All stop with
    /// [`Supervisor::drain`].
    pub fn tend(&self) {
        let Inner {
            parts,
            limits,
            recorder,
            registry,
            stopped,
            runtime,
            process,
            ..
        } = &*self.inner;
        let heart = Heart {
            turns: Arc::clone(&parts.turns),
            registry: Arc::clone(registry),
            process: *process,
            lease: limits.lease,
            period: limits.heartbeat,
        };
        let reaper = Reaper {
            recorder: Arc::clone(recorder),
            registry: Arc::clone(registry),
            period: limits.reaping,
            lease: limits.lease,
        };
        let neighbourhood = Neighbourhood {
            hub: parts.hub.clone(),
            neighbours: Arc::clone(&parts.neighbours),
            turns: Arc::clone(&parts.turns),
            process: *process,
        };
        let forgetting = Forgetting {
            store: Arc::clone(&parts.store),
            clock: Arc::clone(&parts.clock),
        };
        let until_stopped = || stopped.clone();
        runtime.spawn(until_stopped().run_until_cancelled_owned(heart.beat_forever()));
        runtime.spawn(until_stopped().run_until_cancelled_owned(reaper.reap_forever()));
        runtime.spawn(until_stopped().run_until_cancelled_owned(neighbourhood.live()));
        runtime.spawn(until_stopped().run_until_cancelled_owned(forgetting.forget_forever()));
    }

    /// Accepts a message and starts her answer. Both go on when this future is dropped: a message is either
    /// accepted and answered, or not accepted.
    pub async fn begin(&self, draft: TurnDraft) -> Result<Begun, NotBegun> {
        let inner = Arc::clone(&self.inner);
        // Counted before the look at `draining`, so that a drain waits for what was let in before it.
        let _counted = inner.runs.token();
        let alone = inner
            .messages
            .wait((draft.pair, draft.client_message_id))
            .await;
        let place = match inner.let_in(draft.pair.user_id).await {
            Ok(place) => place,
            // What was accepted before is answered as it was, however full the server is and however little is left.
            Err(refusal) => return inner.sent_before(&draft).await?.ok_or(refusal),
        };
        let (answer, answered) = oneshot::channel();
        let run = async move {
            let pair = draft.pair;
            let said = draft.text.as_str().to_owned();
            let accepted = inner.accept(draft).await;
            drop(alone);
            match accepted {
                Ok(New::Duplicate(turn)) => {
                    // Whoever asked may be gone.
                    let _ = answer.send(Ok(Begun::Duplicate(turn)));
                }
                Ok(New::Started {
                    opening,
                    news,
                    started,
                }) => {
                    let stand = inner.stand(place, pair, started.turn, news);
                    let _ = answer.send(Ok(Begun::Started(started)));
                    inner.answer(stand, *opening, Occasion::Chat { said }).await;
                }
                Err(refusal) => {
                    if matches!(refusal, NotBegun::Store(_)) {
                        inner.parts.hub.doubt(pair);
                    }
                    let _ = answer.send(Err(refusal));
                }
            }
        };
        self.inner.runs.spawn_on(run, &self.inner.runtime);
        answered.await.unwrap_or(Err(NotBegun::Draining))
    }

    /// Does an act in one commit, in which her turn starts too when it asks for a grant and gets one; then she answers.
    /// Both go on when this future is dropped.
    pub async fn perform<T, E, A>(
        &self,
        pair: Pair,
        act: impl FnOnce(Granter) -> A + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        A: Future<Output = Result<Done<T>, E>> + Send,
    {
        let inner = Arc::clone(&self.inner);
        let (answer, answered) = oneshot::channel();
        let run = async move {
            let granter = Granter {
                inner: Arc::clone(&inner),
                user: pair.user_id,
                place: Arc::default(),
            };
            let Done {
                outcome,
                news,
                reaction,
            } = match act(granter.clone()).await {
                Ok(done) => done,
                Err(refusal) => {
                    // It may be a commit whose answer was lost.
                    inner.parts.hub.doubt(pair);
                    let _ = answer.send(Err(refusal));
                    return;
                }
            };
            if let Some((place, reaction)) = granter.take().zip(reaction) {
                let stand = inner.stand(place, pair, reaction.turn, news);
                let _ = answer.send(Ok(outcome));
                inner.react(stand, pair, reaction).await;
            } else {
                inner.parts.hub.publish(pair, news);
                let _ = answer.send(Ok(outcome));
            }
        };
        self.inner.runs.spawn_on(run, &self.inner.runtime);
        let interrupted = |_| StoreError::Failed("the act was interrupted".into());
        answered.await.map_err(interrupted)?
    }

    /// Ends the newest run of a turn with the words so far, if it streams. One that streams here closes the provider's
    /// connection at once; another process finds out with its next heartbeat.
    pub async fn cancel(&self, turn: TurnId) -> Result<(), StoreError> {
        let inner = Arc::clone(&self.inner);
        if inner.registry.cancel(turn) {
            return Ok(());
        }
        let ending = async move {
            inner
                .recorder
                .end(turn, Authority::User, Ending::cancelled)
                .await
        };
        let ended = self.inner.runs.spawn_on(ending, &self.inner.runtime).await;
        ended.map_err(|error| StoreError::Failed(error.into()))?
    }

    /// Takes no new turns, gives the running ones `grace`, then ends them with the words so far. Returns when
    /// all are stored, or soon after if the store is away.
    pub async fn drain(&self, grace: Duration) {
        let inner = &self.inner;
        inner.draining.cancel();
        inner.runs.close();
        if tokio::time::timeout(grace, inner.runs.wait())
            .await
            .is_err()
        {
            inner.hurry.cancel();
            // What can't be stored by then is ended by a reaper, once its lease has run out.
            let _ = tokio::time::timeout(LAST_SETTLEMENTS, inner.runs.wait()).await;
        }
        inner.stopped.cancel();
        let leaving = inner.parts.neighbours.leave(inner.process);
        match tokio::time::timeout(LAST_GOODBYE, leaving).await {
            Ok(Ok(())) | Err(_) => {}
            Ok(Err(error)) => warn!(error = chain(&error), "failed to leave the other servers"),
        }
    }

    pub fn is_draining(&self) -> bool {
        self.inner.draining.is_cancelled()
    }

    /// Resolves when [`Supervisor::drain`] has been called.
    pub async fn draining(&self) {
        self.inner.draining.cancelled().await;
    }
}

impl Inner {
    fn admit(&self, user: UserId) -> Result<Place, NotBegun> {
        if self.draining.is_cancelled() {
            return Err(NotBegun::Draining);
        }
        self.registry.admit(user).map_err(|full| match full {
            Full::InAll => NotBegun::Full,
            Full::ForThisUser => NotBegun::FullForThisUser,
        })
    }

    /// A place for a run that there is a budget for.
    async fn let_in(&self, user: UserId) -> Result<Place, NotBegun> {
        let place = self.admit(user)?;
        if let Some(budget) = &self.budget {
            let mut work = self.parts.store.snapshot().await?;
            let looked = budget.look(&mut *work, user).await;
            finish(work, looked).await??;
        }
        Ok(place)
    }

    fn lease(&self) -> time::Duration {
        self.limits.lease.try_into().unwrap_or(time::Duration::MAX)
    }
}
