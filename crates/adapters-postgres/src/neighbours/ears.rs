//! What has been heard and not been asked for yet: bounded, since it is a set of pairs and beyond some number anybody.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use waifu_app::ports::neighbours::Rung;
use waifu_domain::ids::ProcessId;
use waifu_domain::relationship::Pair;

const PAIRS_AT_MOST: usize = 4_096;

/// Who listens here: one process, and in tests more.
#[derive(Debug, Default)]
pub(super) struct Ears(Mutex<Listening>);

#[derive(Debug, Default)]
struct Listening {
    is_connected: bool,
    ears: HashMap<ProcessId, Ear>,
}

#[derive(Debug, Default)]
struct Ear {
    heard: Heard,
    wake: Arc<Notify>,
}

#[derive(Debug)]
enum Heard {
    By(HashSet<Pair>),
    Anybody,
}

impl Default for Heard {
    fn default() -> Self {
        Self::By(HashSet::new())
    }
}

impl Heard {
    fn add(&mut self, rung: &Rung) {
        match (&mut *self, rung) {
            (Self::By(heard), Rung::By(pairs)) if heard.len() + pairs.len() <= PAIRS_AT_MOST => {
                heard.extend(pairs);
            }
            (Self::Anybody | Self::By(_), Rung::By(_) | Rung::Anybody) => *self = Self::Anybody,
        }
    }

    fn take(&mut self) -> Option<Rung> {
        match std::mem::take(self) {
            Self::By(pairs) if pairs.is_empty() => None,
            Self::By(pairs) => Some(Rung::By(pairs.into_iter().collect())),
            Self::Anybody => Some(Rung::Anybody),
        }
    }
}

impl Ears {
    /// Until somebody else than `process` rings, or may have.
    pub(super) async fn wait(&self, process: ProcessId) -> Rung {
        loop {
            let wake = match self.take(process) {
                Ok(rung) => return rung,
                Err(wake) => wake,
            };
            // One that comes now is remembered.
            wake.notified().await;
        }
    }

    fn take(&self, process: ProcessId) -> Result<Rung, Arc<Notify>> {
        let mut listening = self.lock();
        let is_connected = listening.is_connected;
        let ear = listening.ears.entry(process).or_insert_with(|| Ear {
            // What rang before it was there was not kept.
            heard: if is_connected {
                Heard::Anybody
            } else {
                Heard::default()
            },
            ..Ear::default()
        });
        ear.heard.take().ok_or_else(|| ear.wake.clone())
    }

    pub(super) fn hear(&self, by: ProcessId, rung: &Rung) {
        for (process, ear) in &mut self.lock().ears {
            if *process != by {
                ear.heard.add(rung);
                ear.wake.notify_one();
            }
        }
    }

    /// Rings may have been missed until now.
    pub(super) fn connected(&self) {
        let mut listening = self.lock();
        listening.is_connected = true;
        for ear in listening.ears.values_mut() {
            ear.heard = Heard::Anybody;
            ear.wake.notify_one();
        }
    }

    pub(super) fn disconnected(&self) {
        self.lock().is_connected = false;
    }

    pub(super) fn forget(&self, process: ProcessId) {
        self.lock().ears.remove(&process);
    }

    fn lock(&self) -> MutexGuard<'_, Listening> {
        // Nothing panics in between, and a ring is a hint.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Ears, PAIRS_AT_MOST};
    use futures_util::FutureExt;
    use uuid::Uuid;
    use waifu_app::ports::neighbours::Rung;
    use waifu_domain::ids::ProcessId;
    use waifu_domain::relationship::Pair;

    fn pair(n: usize) -> Pair {
        let id = Uuid::from_u128(n as u128);
        Pair {
            user_id: id.into(),
            waifu_id: id.into(),
        }
    }

    fn process(n: u128) -> ProcessId {
        Uuid::from_u128(n).into()
    }

    #[test]
    fn rings_add_up_until_they_are_asked_for() {
        let ears = Ears::default();
        assert_eq!(ears.wait(process(1)).now_or_never(), None);
        for n in [1, 2, 1] {
            ears.hear(process(2), &Rung::By(vec![pair(n)]));
        }
        let Some(Rung::By(mut pairs)) = ears.wait(process(1)).now_or_never() else {
            panic!("nothing was heard");
        };
        pairs.sort_unstable_by_key(|pair| pair.user_id);
        assert_eq!(pairs, [pair(1), pair(2)]);
        assert_eq!(ears.wait(process(1)).now_or_never(), None);
    }

    #[test]
    fn nobody_hears_himself() {
        let ears = Ears::default();
        assert_eq!(ears.wait(process(1)).now_or_never(), None);
        ears.hear(process(1), &Rung::Anybody);
        assert_eq!(ears.wait(process(1)).now_or_never(), None);
    }

    #[test]
    fn more_than_are_kept_are_anybody() {
        let ears = Ears::default();
        assert_eq!(ears.wait(process(1)).now_or_never(), None);
        ears.hear(
            process(2),
            &Rung::By((0..PAIRS_AT_MOST).map(pair).collect()),
        );
        ears.hear(process(2), &Rung::By(vec![pair(PAIRS_AT_MOST)]));
        assert_eq!(ears.wait(process(1)).now_or_never(), Some(Rung::Anybody));
        assert_eq!(ears.wait(process(1)).now_or_never(), None);
    }

    #[test]
    fn who_listens_late_may_have_missed_something() {
        let ears = Ears::default();
        ears.connected();
        assert_eq!(ears.wait(process(1)).now_or_never(), Some(Rung::Anybody));
        ears.disconnected();
        assert_eq!(ears.wait(process(2)).now_or_never(), None);
        ears.connected();
        assert_eq!(ears.wait(process(2)).now_or_never(), Some(Rung::Anybody));
    }
}
