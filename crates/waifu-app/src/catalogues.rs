//! The catalogue in memory: read again when it is older than a few seconds, so that what an operator seeds is seen by
//! every server, and no act waits for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tracing::warn;
use waifu_domain::catalogue::{Catalogue, DatePlan, Events, Gift};
use waifu_domain::ids::EntryId;
use waifu_domain::slug::Slug;

use crate::log::chain;
use crate::ports::store::{CatalogueEntry, Definition, Store, StoreError, finish};

const GOOD_FOR: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub struct Catalogues {
    store: Arc<dyn Store>,
    newest: Mutex<(Instant, Arc<StoredCatalogue>)>,
    /// Held by who reads it again; the others go on with what they have.
    reading: tokio::sync::Mutex<()>,
}

/// The catalogue, with the ids under which doors know gifts and dates.
#[derive(Debug, Default)]
pub struct StoredCatalogue {
    pub catalogue: Catalogue,
    gifts: Vec<(EntryId, Slug)>,
    dates: Vec<(EntryId, Slug)>,
}

impl Catalogues {
    pub async fn load(store: Arc<dyn Store>) -> Result<Self, StoreError> {
        let read = read(&*store).await?;
        Ok(Self {
            store,
            newest: Mutex::new((Instant::now(), Arc::new(read))),
            reading: tokio::sync::Mutex::default(),
        })
    }

    /// As it was a few seconds ago at most, or as it was last seen while the store is away.
    pub async fn current(&self) -> Arc<StoredCatalogue> {
        let (read_at, newest) = self.newest();
        if read_at.elapsed() < GOOD_FOR {
            return newest;
        }
        let Ok(_reading) = self.reading.try_lock() else {
            return newest;
        };
        match read(&*self.store).await {
            Ok(read) => self.replace(read),
            Err(error) => {
                warn!(error = chain(&error), "failed to read the catalogue again");
                newest
            }
        }
    }

    /// As it is stored now.
    pub async fn read_again(&self) -> Result<Arc<StoredCatalogue>, StoreError> {
        // Whoever reads just now may have begun before what is to be seen was written.
        let _reading = self.reading.lock().await;
        Ok(self.replace(read(&*self.store).await?))
    }

    fn replace(&self, read: StoredCatalogue) -> Arc<StoredCatalogue> {
        let read = Arc::new(read);
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        *newest = (Instant::now(), Arc::clone(&read));
        read
    }

    fn newest(&self) -> (Instant, Arc<StoredCatalogue>) {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.clone()
    }
}

impl StoredCatalogue {
    /// Gifts and dates that are retired are left out; events are still known, and come up no more.
    pub fn of(entries: Vec<CatalogueEntry>) -> Self {
        let mut stored = Self::default();
        let Catalogue {
            gifts,
            dates,
            events,
        } = &mut stored.catalogue;
        for CatalogueEntry {
            id,
            key,
            definition,
            retired_at,
            ..
        } in entries
        {
            let is_retired = retired_at.is_some();
            match definition {
                Definition::Gift(_) | Definition::Date(_) if is_retired => {}
                Definition::Gift(gift) => {
                    stored.gifts.push((id, key.clone()));
                    gifts.insert(key, gift);
                }
                Definition::Date(date) => {
                    stored.dates.push((id, key.clone()));
                    dates.insert(key, date);
                }
                Definition::Event(mut event) => {
                    event.is_retired = is_retired;
                    events.insert(key, event);
                }
            }
        }
        stored
    }

    pub fn events(&self) -> &Events {
        &self.catalogue.events
    }

    pub fn gift(&self, id: EntryId) -> Option<(&Slug, &Gift)> {
        let (_, key) = self.gifts.iter().find(|(other, _)| *other == id)?;
        self.catalogue.gifts.get_key_value(key)
    }

    pub fn date(&self, id: EntryId) -> Option<(&Slug, &DatePlan)> {
        let (_, key) = self.dates.iter().find(|(other, _)| *other == id)?;
        self.catalogue.dates.get_key_value(key)
    }

    /// All gifts, by key.
    pub fn gifts(&self) -> impl Iterator<Item = (EntryId, &Slug, &Gift)> {
        self.gifts
            .iter()
            .map(|(id, key)| (*id, key, &self.catalogue.gifts[key]))
    }

    /// All dates, by key.
    pub fn dates(&self) -> impl Iterator<Item = (EntryId, &Slug, &DatePlan)> {
        self.dates
            .iter()
            .map(|(id, key)| (*id, key, &self.catalogue.dates[key]))
    }
}

async fn read(store: &dyn Store) -> Result<StoredCatalogue, StoreError> {
    let mut work = store.snapshot().await?;
    let entries = work.catalogue().all().await;
    Ok(StoredCatalogue::of(finish(work, entries).await?))
}
