//! The store in memory, completed by what the use cases around turns look at: her, the user, the lock of a
//! relationship, and other answers to a turn. One unit of work writes at a time, and at its commit.

mod views;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::OwnedMutexGuard;
use waifu_app::ports::store::{
    ApiKeys, CatalogueEntries, EventLog, Messages, NewRun, PersonalData, Receipts, Relationships,
    Sessions, Spending, Store, StoreError, Turns, UnitOfWork, Users, Waifus,
};
use waifu_domain::affection::RuleBook;
use waifu_domain::ids::TurnId;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::RunNo;
use waifu_domain::waifu::Waifu;
use waifu_testkit::fakes::MemoryStore;

#[derive(Debug, Clone)]
pub(crate) struct Desk {
    store: MemoryStore,
    waifu: Arc<Mutex<Waifu>>,
    torn_out: Arc<Mutex<Vec<u64>>>,
    writing: Arc<tokio::sync::Mutex<()>>,
}

/// What a commit writes.
#[derive(Debug, Clone, Copy)]
enum Pending {
    Again(NewRun),
    Choice {
        turn: TurnId,
        run: RunNo,
        at: Timestamp,
    },
}

impl Desk {
    pub(crate) fn before(store: MemoryStore, waifu: Waifu) -> Self {
        Self {
            store,
            waifu: Arc::new(Mutex::new(waifu)),
            torn_out: Arc::default(),
            writing: Arc::default(),
        }
    }

    /// She is deleted.
    pub(crate) fn let_her_go(&self, at: Timestamp) {
        let mut waifu = self.waifu.lock().unwrap_or_else(PoisonError::into_inner);
        waifu.deleted_at = Some(at);
    }

    /// The event with this number is in no log any more.
    pub(crate) fn tear_out(&self, seq: u64) {
        self.torn_out().push(seq);
    }

    fn torn_out(&self) -> MutexGuard<'_, Vec<u64>> {
        self.torn_out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waifu(&self) -> Waifu {
        let waifu = self.waifu.lock().unwrap_or_else(PoisonError::into_inner);
        waifu.clone()
    }
}

#[async_trait]
impl Store for Desk {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        let writing = Arc::clone(&self.writing).lock_owned().await;
        Ok(Box::new(Work {
            inner: self.store.begin().await?,
            desk: self.clone(),
            pending: Vec::new(),
            _writing: Some(writing),
        }))
    }

    async fn snapshot(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        Ok(Box::new(Work {
            inner: self.store.snapshot().await?,
            desk: self.clone(),
            pending: Vec::new(),
            _writing: None,
        }))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }

    async fn keep_rule_book(&self, book: &RuleBook) -> Result<(), StoreError> {
        self.store.keep_rule_book(book).await
    }

    async fn rule_books(&self) -> Result<Vec<RuleBook>, StoreError> {
        self.store.rule_books().await
    }
}

struct Work {
    inner: Box<dyn UnitOfWork>,
    desk: Desk,
    pending: Vec<Pending>,
    _writing: Option<OwnedMutexGuard<()>>,
}

#[async_trait]
impl UnitOfWork for Work {
    fn users(&mut self) -> Box<dyn Users + '_> {
        Box::new(views::Nobody)
    }

    fn sessions(&mut self) -> Box<dyn Sessions + '_> {
        self.inner.sessions()
    }

    fn api_keys(&mut self) -> Box<dyn ApiKeys + '_> {
        self.inner.api_keys()
    }

    fn personal_data(&mut self) -> Box<dyn PersonalData + '_> {
        self.inner.personal_data()
    }

    fn waifus(&mut self) -> Box<dyn Waifus + '_> {
        Box::new(views::Her(self.desk.waifu()))
    }

    fn relationships(&mut self) -> Box<dyn Relationships + '_> {
        Box::new(views::View(self))
    }

    fn messages(&mut self) -> Box<dyn Messages + '_> {
        Box::new(views::View(self))
    }

    fn turns(&mut self) -> Box<dyn Turns + '_> {
        Box::new(views::View(self))
    }

    fn event_log(&mut self) -> Box<dyn EventLog + '_> {
        Box::new(views::View(self))
    }

    fn receipts(&mut self) -> Box<dyn Receipts + '_> {
        self.inner.receipts()
    }

    fn spending(&mut self) -> Box<dyn Spending + '_> {
        self.inner.spending()
    }

    fn catalogue(&mut self) -> Box<dyn CatalogueEntries + '_> {
        self.inner.catalogue()
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        for pending in self.pending {
            match pending {
                Pending::Again(again) => {
                    self.desk.store.start_again(&again);
                }
                Pending::Choice { turn, run, at } => self.desk.store.choose(turn, run, at),
            }
        }
        self.inner.commit().await
    }

    async fn rollback(self: Box<Self>) -> Result<(), StoreError> {
        self.inner.rollback().await
    }
}
