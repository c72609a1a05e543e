//! One server process, and what its tests say to it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use waifu_app::catalogues::Catalogues;
use waifu_app::ports::fanout::Fanout;
use waifu_app::ports::language_model::Finish;
use waifu_app::ports::store::Definition;
use waifu_app::ports::turn_store::{Reply, Settlement, TurnRef};
use waifu_app::turns::frames::{Frame, Happening, Subscription};
use waifu_app::turns::in_process_fanout::InProcessFanout;
use waifu_app::turns::{Begun, Supervisor, SupervisorParts, TurnDraft, TurnLimits};
use waifu_domain::affection::{Appraisal, RuleBook};
use waifu_domain::events::OccurrenceState;
use waifu_domain::relationship::{Pair, Relationship};
use waifu_domain::turn::{EndReason, EndStatus};
use waifu_testkit::builders::{entry, fresh, gate, message, moment, waifu};
use waifu_testkit::fakes::{CountingIds, FedModel, MemoryStore, ModelCall, SetClock};

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) supervisor: Supervisor,
    pub(crate) store: MemoryStore,
    pub(crate) model: Arc<FedModel>,
    fanout: Arc<InProcessFanout>,
    pub(crate) clock: Arc<SetClock>,
    ids: Arc<CountingIds>,
    pub(crate) pair: Pair,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(TurnLimits::default()).await
    }

    pub(crate) async fn with(limits: TurnLimits) -> Self {
        let waifu = waifu();
        let pair = Pair {
            user_id: fresh(),
            waifu_id: waifu.id,
        };
        let confession = entry("confession", Definition::Event(gate()));
        let store = MemoryStore::new(waifu).with_catalogue(vec![confession]);
        Self::start(store, pair, Arc::default(), limits).await
    }

    /// Another process over the same store.
    pub(crate) async fn beside(&self) -> Self {
        let (store, ids) = (self.store.clone(), Arc::clone(&self.ids));
        Self::start(store, self.pair, ids, TurnLimits::default()).await
    }

    async fn start(
        store: MemoryStore,
        pair: Pair,
        ids: Arc<CountingIds>,
        limits: TurnLimits,
    ) -> Self {
        let model = Arc::<FedModel>::default();
        let fanout = Arc::<InProcessFanout>::default();
        let clock = Arc::new(SetClock::at(moment(0)));
        let catalogues = Catalogues::load(Arc::new(store.clone())).await;
        let parts = SupervisorParts {
            turns: Arc::new(store.clone()),
            store: Arc::new(store.clone()),
            model: model.clone(),
            fanout: fanout.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            rule_book: Arc::new(RuleBook::shipped()),
            catalogues: Arc::new(catalogues.expect("the store is there")),
        };
        Self {
            supervisor: Supervisor::start(parts, limits, Handle::current()),
            store,
            model,
            fanout,
            clock,
            ids,
            pair,
        }
    }

    /// A warm message of the world's user.
    pub(crate) fn draft(&self, text: &str) -> TurnDraft {
        TurnDraft {
            pair: self.pair,
            conversation_id: None,
            client_message_id: fresh(),
            text: message(text),
            appraisal: Some(Appraisal::Warm),
        }
    }

    pub(crate) fn draft_of_another_user(&self, text: &str) -> TurnDraft {
        let draft = self.draft(text);
        let user_id = fresh();
        TurnDraft {
            pair: Pair {
                user_id,
                ..draft.pair
            },
            ..draft
        }
    }

    pub(crate) async fn begin(&self, draft: TurnDraft) -> (TurnRef, ModelCall) {
        let begun = soon(self.supervisor.begin(draft)).await;
        let Ok(Begun::Started(turn)) = begun else {
            panic!("expected a start, found {begun:?}");
        };
        (turn, soon(self.model.next_call()).await)
    }

    /// "hello", up to the moment when the model is asked.
    pub(crate) async fn hello(&self) -> (TurnRef, ModelCall) {
        self.begin(self.draft("hello")).await
    }

    /// A whole turn, answered with `reply`.
    pub(crate) async fn play(&self, draft: TurnDraft, reply: &str) -> Settlement {
        let mut watcher = self.watch_pair(draft.pair);
        let (turn, call) = self.begin(draft).await;
        call.say(reply);
        call.finish(Finish::Stop, None);
        watcher.until_over().await;
        self.ending(turn)
    }

    pub(crate) fn watch(&self) -> Watcher {
        self.watch_pair(self.pair)
    }

    pub(crate) fn watch_pair(&self, pair: Pair) -> Watcher {
        Watcher {
            subscription: self.fanout.subscribe(pair),
        }
    }

    pub(crate) fn relationship(&self) -> Relationship {
        let found = self.store.relationship(self.pair);
        found.expect("the two have met")
    }

    pub(crate) fn ending(&self, turn: TurnRef) -> Settlement {
        let ending = self.store.ending(turn.turn_id);
        ending.expect("the run has ended")
    }

    pub(crate) fn is_over(&self, turn: TurnRef) -> bool {
        self.store.ending(turn.turn_id).is_some()
    }
}

/// Everything that a watcher of the pair is told, put into a few words: `3 updated`, `delta my,`, `lost`.
#[derive(Debug)]
pub(crate) struct Watcher {
    subscription: Subscription,
}

impl Watcher {
    /// Up to and with the end of a run.
    pub(crate) async fn until_over(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        loop {
            let frame = soon(self.subscription.next()).await.expect("it keeps up");
            told.push(words(&frame));
            let is_over = match &*frame {
                Frame::Lost { .. } => true,
                Frame::Durable { happening, .. } => matches!(happening, Happening::TurnDone(_)),
                Frame::Delta { .. } => false,
            };
            if is_over {
                return told;
            }
        }
    }

    /// What is there already.
    pub(crate) fn so_far(&mut self) -> Vec<String> {
        let next = || self.subscription.try_next().expect("it keeps up");
        std::iter::from_fn(next)
            .map(|frame| words(&frame))
            .collect()
    }
}

fn words(frame: &Frame) -> String {
    match frame {
        Frame::Durable { seq, happening } => match happening {
            Happening::MessageAccepted { .. } => format!("{seq} accepted"),
            Happening::TurnStarted { .. } => format!("{seq} started"),
            Happening::TurnDone(done) => format!("{seq} done {:?}", done.status),
            Happening::RelationshipUpdated { row, .. } => {
                let said = row.said.as_deref().unwrap_or_default();
                format!("{seq} updated {said}")
            }
            Happening::TurnVoided { .. } => format!("{seq} voided"),
            Happening::Event { occurrence, .. } => {
                let word = match occurrence.state {
                    OccurrenceState::Pending => "opened",
                    OccurrenceState::Resolved { .. } => "resolved",
                    OccurrenceState::Expired { .. } => "expired",
                };
                format!("{seq} {word} {}", occurrence.event)
            }
        },
        Frame::Delta { text, .. } => format!("delta {text}"),
        Frame::Lost { .. } => "lost".to_owned(),
    }
}

/// What a run left, in what its tests look at.
pub(crate) fn left(ending: &Settlement) -> (EndStatus, Option<EndReason>, &str) {
    let text = ending.reply.as_ref().map_or("", reply_text);
    (ending.status, ending.reason, text)
}

fn reply_text(reply: &Reply) -> &str {
    &reply.text
}

/// Ledger rows that were written with it.
pub(crate) fn rows(ending: &Settlement) -> usize {
    let moved = ending.append.moved.as_ref();
    moved.map_or(0, |moved| moved.entries.len())
}

/// What does not happen within an hour does not happen.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    let hour = Duration::from_hours(1);
    let done = tokio::time::timeout(hour, what).await;
    done.expect("it happens within an hour")
}

pub(crate) async fn seconds_pass(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}
