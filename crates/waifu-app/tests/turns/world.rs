//! One server process, and what its tests say to it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use waifu_app::catalogues::Catalogues;
use waifu_app::ports::language_model::Finish;
use waifu_app::ports::neighbours::{Neighbours, NoNeighbours};
use waifu_app::ports::store::{CatalogueEntry, Definition, Store};
use waifu_app::ports::turn_store::{Reply, Settlement, TurnRef, TurnStore};
use waifu_app::turns::hub::Hub;
use waifu_app::turns::{Begun, Started, Supervisor, SupervisorParts, TurnDraft, TurnLimits};
use waifu_domain::affection::{Appraisal, RuleBook};
use waifu_domain::relationship::{Pair, Relationship};
use waifu_domain::turn::{EndReason, EndStatus};
use waifu_testkit::builders::{entry, fresh, gate, gift, message, moment, waifu};
use waifu_testkit::fakes::{
    AlwaysHappy, CountingIds, FedModel, LossyStore, MemoryStore, ModelCall, SetClock,
};

use crate::desk::Desk;
use crate::latch::Latches;
use crate::watcher::Watcher;

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) supervisor: Supervisor,
    pub(crate) store: MemoryStore,
    /// Before the store: her, who can be deleted.
    pub(crate) desk: Desk,
    /// Before the desk: units of work whose commits can be lost.
    pub(crate) lossy: LossyStore,
    /// Before the store: operations of turns whose answers can be held back.
    pub(crate) latches: Latches,
    pub(crate) model: Arc<FedModel>,
    pub(crate) hub: Hub,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) ids: Arc<CountingIds>,
    pub(crate) catalogues: Arc<Catalogues>,
    pub(crate) gift: CatalogueEntry,
    pub(crate) pair: Pair,
}

/// What two processes share.
struct Common {
    store: MemoryStore,
    desk: Desk,
    clock: Arc<SetClock>,
    ids: Arc<CountingIds>,
    gift: CatalogueEntry,
    pair: Pair,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(TurnLimits::default()).await
    }

    pub(crate) async fn with(limits: TurnLimits) -> Self {
        Self::among(Arc::new(NoNeighbours), limits).await
    }

    /// With others on the same store.
    pub(crate) async fn among(neighbours: Arc<dyn Neighbours>, limits: TurnLimits) -> Self {
        let waifu = waifu();
        let pair = Pair {
            user_id: fresh(),
            waifu_id: waifu.id,
        };
        let gift = entry("crane", Definition::Gift(gift()));
        let confession = entry("confession", Definition::Event(gate()));
        let store = MemoryStore::new(waifu.clone());
        let store = store.with_catalogue(vec![gift.clone(), confession]);
        let common = Common {
            desk: Desk::before(store.clone(), waifu),
            store,
            clock: Arc::new(SetClock::at(moment(0))),
            ids: Arc::default(),
            gift,
            pair,
        };
        Self::start(common, neighbours, limits).await
    }

    /// Another process over the same store, that knows of no others.
    pub(crate) async fn beside(&self) -> Self {
        self.beside_among(Arc::new(NoNeighbours)).await
    }

    /// Another process over the same store.
    pub(crate) async fn beside_among(&self, neighbours: Arc<dyn Neighbours>) -> Self {
        let common = Common {
            store: self.store.clone(),
            desk: self.desk.clone(),
            clock: Arc::clone(&self.clock),
            ids: Arc::clone(&self.ids),
            gift: self.gift.clone(),
            pair: self.pair,
        };
        Self::start(common, neighbours, TurnLimits::default()).await
    }

    async fn start(common: Common, neighbours: Arc<dyn Neighbours>, limits: TurnLimits) -> Self {
        let Common {
            store,
            desk,
            clock,
            ids,
            gift,
            pair,
        } = common;
        let model = Arc::<FedModel>::default();
        let lossy = LossyStore::over(Arc::new(desk.clone()));
        let latches = Latches::before(store.clone());
        let shared: Arc<dyn Store> = Arc::new(lossy.clone());
        let turns: Arc<dyn TurnStore> = Arc::new(latches.clone());
        let catalogues = Catalogues::load(Arc::clone(&shared)).await;
        let catalogues = Arc::new(catalogues.expect("the store is there"));
        let hub = Hub::new(Arc::clone(&shared), Arc::clone(&catalogues));
        let parts = SupervisorParts {
            turns,
            store: shared,
            model: model.clone(),
            hub: hub.clone(),
            neighbours,
            clock: clock.clone(),
            ids: ids.clone(),
            rule_book: Arc::new(RuleBook::shipped()),
            catalogues: Arc::clone(&catalogues),
            expressions: Arc::new(AlwaysHappy),
        };
        Self {
            supervisor: Supervisor::start(parts, limits, Handle::current()),
            store,
            desk,
            lossy,
            latches,
            model,
            hub,
            clock,
            ids,
            catalogues,
            gift,
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

    pub(crate) async fn start_turn(&self, draft: TurnDraft) -> Started {
        let begun = soon(self.supervisor.begin(draft)).await;
        let Ok(Begun::Started(started)) = begun else {
            panic!("expected a start, found {begun:?}");
        };
        started
    }

    pub(crate) async fn begin(&self, draft: TurnDraft) -> (TurnRef, ModelCall) {
        let started = self.start_turn(draft).await;
        (started.turn, self.call().await)
    }

    /// The model is asked.
    pub(crate) async fn call(&self) -> ModelCall {
        soon(self.model.next_call()).await
    }

    /// "hello", up to the moment when the model is asked.
    pub(crate) async fn hello(&self) -> (TurnRef, ModelCall) {
        self.begin(self.draft("hello")).await
    }

    /// A whole turn, answered with `reply`.
    pub(crate) async fn play(&self, draft: TurnDraft, reply: &str) -> Settlement {
        let pair = draft.pair;
        let (turn, call) = self.begin(draft).await;
        let mut watcher = self.watch_pair_from_now(pair);
        call.say(reply);
        call.finish(Finish::Stop, None);
        watcher.until_over().await;
        self.ending(turn)
    }

    /// All that happened between the two, and what is to come.
    pub(crate) fn watch(&self) -> Watcher {
        self.watch_pair(self.pair)
    }

    pub(crate) fn watch_pair(&self, pair: Pair) -> Watcher {
        self.watch_after(pair, 0)
    }

    /// What is to come from here on.
    pub(crate) fn watch_pair_from_now(&self, pair: Pair) -> Watcher {
        let met = self.store.relationship(pair);
        self.watch_after(pair, met.map_or(0, |met| met.head.seq))
    }

    pub(crate) fn watch_from_now(&self) -> Watcher {
        self.watch_pair_from_now(self.pair)
    }

    pub(crate) fn watch_after(&self, pair: Pair, seq: u64) -> Watcher {
        let mut watch = self.hub.watch(pair);
        watch.start_after(seq);
        Watcher::of(watch)
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
