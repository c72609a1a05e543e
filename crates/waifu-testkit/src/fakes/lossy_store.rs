//! A store whose connection breaks at a commit: before it, or before its answer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use waifu_app::ports::store::{
    ApiKeys, CatalogueEntries, EventLog, Messages, PersonalData, Receipts, Relationships, Sessions,
    Spending, Store, StoreError, Turns, UnitOfWork, Users, Waifus,
};
use waifu_domain::affection::RuleBook;

#[derive(Debug, Clone)]
pub struct LossyStore {
    store: Arc<dyn Store>,
    lost: Arc<Mutex<VecDeque<Lost>>>,
}

/// What a broken connection took with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    TheCommit,
    ItsAnswer,
}

impl LossyStore {
    pub fn over(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            lost: Arc::default(),
        }
    }

    /// At the next commit of an act: what a supervisor writes besides is left alone.
    pub fn lose(&self, lost: Lost) {
        let mut losses = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        losses.push_back(lost);
    }
}

#[async_trait]
impl Store for LossyStore {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        let work = self.store.begin().await?;
        let lost = Arc::clone(&self.lost);
        Ok(Box::new(LossyWork {
            work,
            lost,
            is_act: false,
        }))
    }

    async fn snapshot(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        self.store.snapshot().await
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

struct LossyWork {
    work: Box<dyn UnitOfWork>,
    lost: Arc<Mutex<VecDeque<Lost>>>,
    /// It has looked at a relationship.
    is_act: bool,
}

#[async_trait]
impl UnitOfWork for LossyWork {
    fn users(&mut self) -> Box<dyn Users + '_> {
        self.work.users()
    }

    fn sessions(&mut self) -> Box<dyn Sessions + '_> {
        self.work.sessions()
    }

    fn api_keys(&mut self) -> Box<dyn ApiKeys + '_> {
        self.work.api_keys()
    }

    fn personal_data(&mut self) -> Box<dyn PersonalData + '_> {
        self.work.personal_data()
    }

    fn waifus(&mut self) -> Box<dyn Waifus + '_> {
        self.work.waifus()
    }

    fn relationships(&mut self) -> Box<dyn Relationships + '_> {
        self.is_act = true;
        self.work.relationships()
    }

    fn messages(&mut self) -> Box<dyn Messages + '_> {
        self.work.messages()
    }

    fn turns(&mut self) -> Box<dyn Turns + '_> {
        self.work.turns()
    }

    fn event_log(&mut self) -> Box<dyn EventLog + '_> {
        self.work.event_log()
    }

    fn receipts(&mut self) -> Box<dyn Receipts + '_> {
        self.work.receipts()
    }

    fn spending(&mut self) -> Box<dyn Spending + '_> {
        self.work.spending()
    }

    fn catalogue(&mut self) -> Box<dyn CatalogueEntries + '_> {
        self.work.catalogue()
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let mut lost = None;
        if self.is_act {
            let mut losses = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
            lost = losses.pop_front();
        }
        match lost {
            None => return self.work.commit().await,
            Some(Lost::ItsAnswer) => self.work.commit().await?,
            Some(Lost::TheCommit) => self.work.rollback().await?,
        }
        Err(StoreError::Unavailable("the connection broke".into()))
    }

    async fn rollback(self: Box<Self>) -> Result<(), StoreError> {
        self.work.rollback().await
    }
}
