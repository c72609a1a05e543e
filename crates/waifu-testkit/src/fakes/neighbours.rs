//! A street on which several processes of one test live, and where rings get lost when the test wants it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use waifu_app::ports::neighbours::{Neighbours, Rung};
use waifu_app::ports::store::StoreError;
use waifu_domain::ids::ProcessId;
use waifu_domain::relationship::Pair;

/// Leases run by tokio's clock, so that a paused one holds them still. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Street {
    houses: Arc<Mutex<Houses>>,
}

#[derive(Debug, Default)]
struct Houses {
    lives_until: HashMap<ProcessId, Instant>,
    ears: HashMap<ProcessId, Ear>,
    rings: Vec<(ProcessId, Vec<Pair>)>,
    loses_rings: bool,
    is_closed: bool,
}

/// What one process has not asked for yet.
#[derive(Debug, Default)]
struct Ear {
    pairs: HashSet<Pair>,
    anybody: bool,
    wake: Arc<Notify>,
}

impl Street {
    /// From now on nobody hears a ring, and nobody finds out.
    pub fn lose_rings(&self) {
        self.houses().loses_rings = true;
    }

    pub fn carry_rings(&self) {
        self.houses().loses_rings = false;
    }

    /// Everybody finds out that rings may have been missed.
    pub fn doubt(&self) {
        for ear in self.houses().ears.values_mut() {
            ear.anybody = true;
            ear.wake.notify_one();
        }
    }

    /// Nobody can greet, leave or ring until [`Street::open`].
    pub fn close(&self) {
        self.houses().is_closed = true;
    }

    pub fn open(&self) {
        self.houses().is_closed = false;
    }

    /// Every ring that was wanted, whether it was heard or not.
    pub fn rings(&self) -> Vec<(ProcessId, Vec<Pair>)> {
        self.houses().rings.clone()
    }

    /// Those who have greeted, and have not left since.
    pub fn residents(&self) -> Vec<ProcessId> {
        let mut residents: Vec<_> = self.houses().lives_until.keys().copied().collect();
        residents.sort_unstable();
        residents
    }

    fn houses(&self) -> MutexGuard<'_, Houses> {
        self.houses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open_houses(&self) -> Result<MutexGuard<'_, Houses>, StoreError> {
        let houses = self.houses();
        if houses.is_closed {
            let closed = "the test closed the street";
            return Err(StoreError::Unavailable(closed.into()));
        }
        Ok(houses)
    }
}

impl Ear {
    fn take(&mut self) -> Option<Rung> {
        let pairs = std::mem::take(&mut self.pairs);
        if std::mem::take(&mut self.anybody) {
            return Some(Rung::Anybody);
        }
        (!pairs.is_empty()).then(|| Rung::By(pairs.into_iter().collect()))
    }
}

#[async_trait]
impl Neighbours for Street {
    async fn greet(&self, process: ProcessId, lease: Duration) -> Result<bool, StoreError> {
        let now = Instant::now();
        let lease = std::time::Duration::try_from(lease).expect("leases are not negative");
        let mut houses = self.open_houses()?;
        houses.lives_until.insert(process, now + lease);
        houses.ears.entry(process).or_default();
        let mut all = houses.lives_until.iter();
        Ok(all.any(|(other, until)| *other != process && *until > now))
    }

    async fn leave(&self, process: ProcessId) -> Result<(), StoreError> {
        let mut houses = self.open_houses()?;
        houses.lives_until.remove(&process);
        houses.ears.remove(&process);
        Ok(())
    }

    async fn ring(&self, process: ProcessId, pairs: &[Pair]) -> Result<(), StoreError> {
        let mut houses = self.open_houses()?;
        houses.rings.push((process, pairs.to_vec()));
        if houses.loses_rings || pairs.is_empty() {
            return Ok(());
        }
        for (other, ear) in &mut houses.ears {
            if *other != process {
                ear.pairs.extend(pairs);
                ear.wake.notify_one();
            }
        }
        Ok(())
    }

    async fn rung(&self, process: ProcessId) -> Rung {
        loop {
            let wake = {
                let mut houses = self.houses();
                let ear = houses.ears.entry(process).or_default();
                if let Some(rung) = ear.take() {
                    return rung;
                }
                Arc::clone(&ear.wake)
            };
            // One that comes now is remembered.
            wake.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};
    use std::sync::Arc;

    use async_trait::async_trait;

    use super::Street;
    use crate::contracts::neighbours::{Ground, StreetUnderTest};

    #[async_trait]
    impl Ground for Street {
        async fn break_connections(&self) {
            self.doubt();
        }
    }

    fn open() -> Ready<StreetUnderTest> {
        let street = Street::default();
        ready(StreetUnderTest {
            one: Arc::new(street.clone()),
            other: Arc::new(street.clone()),
            ground: Box::new(street),
        })
    }

    crate::neighbours_contract!(open);
}
