//! The ledger law, held against every relationship that is stored.

use std::collections::HashMap;
use std::sync::Arc;

use waifu_domain::affection::{LedgerSum, RuleBook, RuleBookHash, check_ledger};
use waifu_domain::relationship::{Interaction, Relationship};

use crate::ports::store::{Store, StoreError, UnitOfWork, finish};

/// Relationships, and rows of one, that are read at once.
const PAGE: u32 = 1000;

#[derive(Debug, Clone)]
pub struct VerifyLedger {
    pub store: Arc<dyn Store>,
}

/// How far the walk has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verified {
    pub relationships: u64,
    pub rows: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The first one that breaks the law. `what` names the row, if it is a row.
    #[error(
        "the relationship {} of user {} and companion {}: {what}",
        .relationship.id, .relationship.pair.user_id, .relationship.pair.waifu_id
    )]
    Broken {
        relationship: Box<Relationship>,
        what: String,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl VerifyLedger {
    /// How many relationships there are to walk.
    pub async fn count(&self) -> Result<u64, StoreError> {
        let mut work = self.store.snapshot().await?;
        let count = work.relationships().count().await;
        finish(work, count).await
    }

    /// Stops at the first relationship that breaks the law. `progress` is told after each one that keeps it.
    pub async fn execute(
        &self,
        progress: &mut (dyn FnMut(Verified) + Send),
    ) -> Result<Verified, VerifyError> {
        let mut books = HashMap::new();
        let mut verified = Verified::default();
        let mut after = None;
        loop {
            let mut work = self.store.snapshot().await?;
            let page = work.relationships().all(after, PAGE).await;
            let page = finish(work, page).await?;
            let Some(last) = page.last() else {
                return Ok(verified);
            };
            after = Some(last.id);
            for relationship in page {
                verified.rows += self.verify(relationship, &mut books).await?;
                verified.relationships += 1;
                progress(verified);
            }
        }
    }

    /// Read again with its rows, in one picture: it may have moved since its page was read.
    async fn verify(
        &self,
        relationship: Relationship,
        books: &mut HashMap<RuleBookHash, RuleBook>,
    ) -> Result<u64, VerifyError> {
        let mut work = self.store.snapshot().await?;
        let read = read(&mut *work, &relationship).await;
        let Some((relationship, rows)) = finish(work, read).await? else {
            return Ok(0);
        };
        // A server may have started under a new one meanwhile; each is stored before the first row that it gives.
        if rows.iter().any(|row| !books.contains_key(&row.rule_book)) {
            let stored = self.store.rule_books().await?;
            books.extend(stored.into_iter().map(|book| (book.hash(), book)));
        }
        let found = check_ledger(&rows, |hash| books.get(&hash))
            .map_err(|broken| broken.to_string())
            .and_then(|sum| compare(&relationship, &rows, &sum).map_err(str::to_owned));
        match found {
            Ok(()) => Ok(rows.len() as u64),
            Err(what) => Err(VerifyError::Broken {
                relationship: Box::new(relationship),
                what,
            }),
        }
    }
}

async fn read(
    work: &mut dyn UnitOfWork,
    relationship: &Relationship,
) -> Result<Option<(Relationship, Vec<Interaction>)>, StoreError> {
    let Some(relationship) = work.relationships().find(relationship.pair).await? else {
        return Ok(None);
    };
    let mut rows = Vec::new();
    let mut after = 0;
    loop {
        let page = work
            .relationships()
            .rows_after(relationship.id, after, PAGE)
            .await?;
        let Some(last) = page.last() else {
            return Ok(Some((relationship, rows)));
        };
        after = last.place.no;
        rows.extend(page);
    }
}

/// What the relationship remembers of its rows.
fn compare(
    relationship: &Relationship,
    rows: &[Interaction],
    sum: &LedgerSum,
) -> Result<(), &'static str> {
    let last_no = rows.last().map_or(0, |row| row.place.no);
    let kept = [
        (
            relationship.head.entry_no == last_no,
            "the number of its newest row is not that of its ledger",
        ),
        (
            relationship.affection == sum.affection,
            "its affection is not what its rows give",
        ),
        (
            relationship.level == sum.level,
            "its level is not what its rows give",
        ),
        (
            relationship.facts.is_superset(&sum.facts),
            "it does not know all the facts of its rows",
        ),
        (
            relationship.last_interaction == sum.last_interaction,
            "its last interaction is not that of its rows",
        ),
        (
            relationship.counts == sum.counts,
            "its counts are not those of its rows",
        ),
        (
            relationship.deeds == sum.deeds,
            "what it remembers of gifts and dates is not what its rows say",
        ),
    ];
    match kept.into_iter().find(|(is_kept, _)| !is_kept) {
        None => Ok(()),
        Some((_, what)) => Err(what),
    }
}
