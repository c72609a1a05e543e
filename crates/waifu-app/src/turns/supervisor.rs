//! The supervisor: owns every run of this process, from the moment that its message is accepted.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use waifu_domain::affection::{Appraisal, RuleBook};
use waifu_domain::ids::{ClientMessageId, ConversationId, ProcessId};
use waifu_domain::prompt::{Scene, compose};
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
    one_at_a_time: OneAtATime,
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
            one_at_a_time: OneAtATime::default(),
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
            .one_at_a_time
            .wait(draft.pair, draft.client_message_id)
            .await;
        let place = match inner.admit(&draft) {
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
                        inner.answer(place, *opening, said).await;
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
    fn admit(&self, draft: &TurnDraft) -> Result<Place, NotBegun> {
        if self.draining.is_cancelled() {
            return Err(NotBegun::Draining);
        }
        self.registry
            .admit(draft.pair.user_id)
            .map_err(|full| match full {
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
        let new_turn = NewTurn {
            turn_id: ids.fresh(),
            pair,
            conversation_id: draft.conversation_id,
            client_message_id,
            message_id: ids.fresh(),
            text: draft.text,
            appraisal: draft.appraisal,
            process: self.process,
            lease: self.limits.lease.try_into().unwrap_or(time::Duration::MAX),
            at: now,
            history_limit: self.limits.history,
            entries_since: now.minus(self.parts.rule_book.longest_window()),
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
                    client_message_id,
                };
                let started = Happening::TurnStarted {
                    turn,
                    kind: TurnKind::Chat,
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

    /// The model is asked with no connection of the store held.
    async fn answer(&self, place: Place, opening: Opening, said: MessageText) {
        let Opening { standing, history } = opening;
        let turn = standing.turn;
        let pair = standing.relationship.pair;
        let streaming = place.stream(turn.turn_id, turn.run);
        let scene = Scene {
            waifu: standing.waifu.profile.clone(),
            user_name: standing.user_name.clone(),
            level: standing.state.level,
            mood: standing.state.mood(),
            history,
            said: said.as_str().to_owned(),
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
                self.recorder
                    .settle(standing, Some(said.as_str()), authority, &ending)
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
