//! The supervisor: owns every run of this process, from the moment that its message is accepted.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::error;
use waifu_domain::affection::{Appraisal, RuleBook};
use waifu_domain::ids::{ClientMessageId, ConversationId, ProcessId, UserId};
use waifu_domain::prompt::{Occasion, Scene, compose};
use waifu_domain::relationship::Pair;
use waifu_domain::turn::{MessageText, TurnKind, plain_text};

use super::frames::{Frame, Happening};
use super::heart::Heart;
use super::limits::TurnLimits;
use super::one_at_a_time::OneAtATime;
use super::reaper::Reaper;
use super::recorder::Recorder;
use super::registry::{Full, Place, Registry};
use super::stream::{Stage, stream_reply};
use crate::catalogues::Catalogues;
use crate::log::chain;
use crate::ports::clock::Clock;
use crate::ports::fanout::Fanout;
use crate::ports::ids::IdSource;
use crate::ports::language_model::{LanguageModel, ReplyRequest};
use crate::ports::store::{Store, StoreError, UnitOfWork, finish};
use crate::ports::turn_store::{
    Accepted, Authority, FirstMeeting, NewTurn, Opening, TurnRef, TurnStore,
};

/// How long a draining server waits for its last settlements.
const LAST_SETTLEMENTS: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
pub struct SupervisorParts {
    pub turns: Arc<dyn TurnStore>,
    pub store: Arc<dyn Store>,
    pub model: Arc<dyn LanguageModel>,
    pub fanout: Arc<dyn Fanout>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub rule_book: Arc<RuleBook>,
    pub catalogues: Arc<Catalogues>,
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
    /// `None` when there is no room for her words: the act stands without them.
    pub fn grant(&self) -> Option<Grant> {
        let place = self.inner.admit(self.user).ok()?;
        *self.place() = Some(place);
        Some(Grant {
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

/// A turn that was started with an act, and what she answers in it.
#[derive(Debug, Clone)]
pub struct Reaction {
    pub pair: Pair,
    pub turn: TurnRef,
    pub occasion: Occasion,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    Started(TurnRef),
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
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Supervisor {
    /// Starts the heart and the reaper on `runtime`; they stop with [`Supervisor::drain`].
    pub fn start(parts: SupervisorParts, limits: TurnLimits, runtime: Handle) -> Self {
        let registry = Registry::new(limits.clone());
        let hurry = CancellationToken::new();
        let recorder = Arc::new(Recorder {
            turns: Arc::clone(&parts.turns),
            fanout: Arc::clone(&parts.fanout),
            clock: Arc::clone(&parts.clock),
            ids: Arc::clone(&parts.ids),
            rule_book: Arc::clone(&parts.rule_book),
            catalogues: Arc::clone(&parts.catalogues),
            store: Arc::clone(&parts.store),
            patience: limits.settling,
            hurry: hurry.clone(),
        });
        let process = parts.ids.fresh();
        let stopped = CancellationToken::new();
        let heart = Heart {
            turns: Arc::clone(&parts.turns),
            registry: Arc::clone(&registry),
            process,
            lease: limits.lease,
            period: limits.heartbeat,
        };
        let reaper = Reaper {
            recorder: Arc::clone(&recorder),
            registry: Arc::clone(&registry),
            period: limits.reaping,
            lease: limits.lease,
        };
        runtime.spawn(
            stopped
                .clone()
                .run_until_cancelled_owned(heart.beat_forever()),
        );
        runtime.spawn(
            stopped
                .clone()
                .run_until_cancelled_owned(reaper.reap_forever()),
        );
        let inner = Inner {
            parts,
            limits,
            recorder,
            registry,
            messages: OneAtATime::default(),
            process,
            runtime,
            runs: TaskTracker::new(),
            draining: CancellationToken::new(),
            hurry,
            stopped,
        };
        Self {
            inner: Arc::new(inner),
        }
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
        let place = match inner.admit(draft.pair.user_id) {
            Ok(place) => place,
            // What was accepted before is answered as it was, however full the server is.
            Err(refusal) => return inner.sent_before(&draft).await?.ok_or(refusal),
        };
        let (answer, answered) = oneshot::channel();
        let run = async move {
            let accepted = inner.accept(draft).await;
            drop(alone);
            match accepted {
                Ok((begun, opening)) => {
                    // Whoever asked may be gone.
                    let _ = answer.send(Ok(begun));
                    if let Some((opening, said)) = opening {
                        let said = said.as_str().to_owned();
                        inner.answer(place, *opening, Occasion::Chat { said }).await;
                    }
                }
                Err(refusal) => {
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
        user: UserId,
        act: impl FnOnce(Granter) -> A + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        A: Future<Output = Result<(T, Option<Reaction>), E>> + Send,
    {
        let inner = Arc::clone(&self.inner);
        let (answer, answered) = oneshot::channel();
        let run = async move {
            let granter = Granter {
                inner: Arc::clone(&inner),
                user,
                place: Arc::default(),
            };
            let outcome = act(granter.clone()).await;
            let (outcome, reaction) = match outcome {
                Ok((done, reaction)) => (Ok(done), reaction),
                Err(refusal) => (Err(refusal), None),
            };
            let _ = answer.send(outcome);
            let place = granter.take();
            if let Some((place, reaction)) = place.zip(reaction) {
                inner.react(place, reaction).await;
            }
        };
        self.inner.runs.spawn_on(run, &self.inner.runtime);
        let interrupted = |_| StoreError::Failed("the act was interrupted".into());
        answered.await.map_err(interrupted)?
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

    /// The turn that this very message was accepted as; `None` when it is new.
    async fn sent_before(&self, draft: &TurnDraft) -> Result<Option<Begun>, NotBegun> {
        let mut work = self.parts.store.snapshot().await?;
        let found = earlier_turn(&mut *work, draft).await;
        match finish(work, found).await? {
            None => Ok(None),
            Some((turn, said)) if said == draft.text.as_str() => Ok(Some(Begun::Duplicate(turn))),
            Some(_) => Err(NotBegun::Mismatch),
        }
    }

    async fn accept(
        &self,
        draft: TurnDraft,
    ) -> Result<(Begun, Option<(Box<Opening>, MessageText)>), NotBegun> {
        let ids = &self.parts.ids;
        let now = self.parts.clock.now();
        let (pair, client_message_id, said) =
            (draft.pair, draft.client_message_id, draft.text.clone());
        let message_id = ids.fresh();
        let new_turn = NewTurn {
            turn_id: ids.fresh(),
            pair,
            conversation_id: draft.conversation_id,
            client_message_id,
            message_id,
            text: draft.text,
            appraisal: draft.appraisal,
            process: self.process,
            lease: self.lease(),
            at: now,
            history_limit: self.limits.history,
            horizon: self.parts.rule_book.horizon(now),
            first_meeting: FirstMeeting {
                relationship_id: ids.fresh(),
                conversation_id: ids.fresh(),
                epoch: ids.fresh(),
            },
        };
        match self.parts.turns.accept(new_turn).await? {
            Accepted::New(opening) => {
                let turn = opening.standing.turn;
                let seq = opening.standing.relationship.head.seq;
                let accepted = Happening::MessageAccepted {
                    turn,
                    message_id,
                    client_message_id,
                };
                let started = Happening::TurnStarted {
                    turn,
                    kind: TurnKind::Chat,
                    cause: None,
                };
                let fanout = &self.parts.fanout;
                fanout.publish(
                    pair,
                    Frame::Durable {
                        seq: seq - 1,
                        happening: accepted,
                    },
                );
                fanout.publish(
                    pair,
                    Frame::Durable {
                        seq,
                        happening: started,
                    },
                );
                Ok((Begun::Started(turn), Some((opening, said))))
            }
            Accepted::Duplicate(turn) => Ok((Begun::Duplicate(turn), None)),
            Accepted::Mismatch => Err(NotBegun::Mismatch),
            Accepted::Busy(turn) => Err(NotBegun::Busy(turn)),
            Accepted::NoSuchWaifu => Err(NotBegun::NoSuchWaifu),
            Accepted::WaifuGone => Err(NotBegun::WaifuGone),
            Accepted::NoSuchConversation => Err(NotBegun::NoSuchConversation),
        }
    }

    /// Her words about what was done. A run whose opening can't be read is left to a reaper, and watchers are told.
    async fn react(&self, place: Place, reaction: Reaction) {
        let horizon = self.parts.rule_book.horizon(self.parts.clock.now());
        let Reaction {
            pair,
            turn,
            occasion,
        } = reaction;
        let turn_id = turn.turn_id;
        let history = self.limits.history;
        match self.parts.turns.opening(turn_id, history, horizon).await {
            Ok(Some(opening)) => return self.answer(place, opening, occasion).await,
            Ok(None) => error!(turn = %turn_id, "failed to find a turn that was just started"),
            Err(error) => {
                error!(turn = %turn_id, error = chain(&error), "failed to read a turn's opening");
            }
        }
        let lost = Frame::Lost {
            turn_id,
            run: turn.run,
        };
        self.parts.fanout.publish(pair, lost);
    }

    fn lease(&self) -> time::Duration {
        self.limits.lease.try_into().unwrap_or(time::Duration::MAX)
    }

    /// The model is asked with no connection of the store held.
    async fn answer(&self, place: Place, opening: Opening, occasion: Occasion) {
        let Opening { standing, history } = opening;
        let turn = standing.turn;
        let pair = standing.relationship.pair;
        let streaming = place.stream(turn.turn_id, turn.run);
        let scene = Scene {
            waifu: standing.waifu.profile.clone(),
            user_name: standing.user_name.clone(),
            level: self
                .parts
                .rule_book
                .level_that_counts(standing.state.level, standing.person.age_group),
            mood: standing.state.mood(),
            history,
            occasion: occasion.clone(),
            turn_id: turn.turn_id,
            turn_no: turn.turn_no,
        };
        let request = ReplyRequest {
            prompt: compose(&scene),
            scene,
        };
        let stage = Stage {
            model: &*self.parts.model,
            fanout: &*self.parts.fanout,
            limits: &self.limits,
            hurry: &self.hurry,
        };
        match stream_reply(&stage, pair, turn, request, &streaming).await {
            Some(ending) => {
                let authority = Authority::Holder(self.process);
                let said = Some(occasion.said());
                self.recorder
                    .settle(standing, said, authority, &ending)
                    .await;
            }
            None => {
                self.parts.fanout.publish(
                    pair,
                    Frame::Lost {
                        turn_id: turn.turn_id,
                        run: turn.run,
                    },
                );
            }
        }
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
