//! Companions that are spoken with, read once: each turn is played with one, and they rarely change.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use waifu_domain::ids::WaifuId;
use waifu_domain::waifu::Waifu;

use crate::rows::waifus::WaifuHead;

/// So many are kept at least, and twice as many at most.
const KEPT: usize = 256;

/// Companions in the versions that turns are played with. What a version says never changes; what is not of a version
/// is kept beside it, as it was read.
#[derive(Debug, Default)]
pub(crate) struct Companions(Mutex<Generations>);

/// Whoever is asked for stays in the young generation; once that is full it becomes the old one, which goes.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Key, Known>,
    old: HashMap<Key, Known>,
}

type Key = (WaifuId, u32);

#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) head: WaifuHead,
    pub(crate) waifu: Arc<Waifu>,
}

impl Companions {
    pub(crate) fn get(&self, id: WaifuId, version: u32) -> Option<Known> {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (id, version);
        if let Some(known) = generations.young.get(&key) {
            return Some(known.clone());
        }
        let known = generations.old.remove(&key)?;
        generations.insert(key, known.clone());
        Some(known)
    }

    /// Takes what was committed alone: another edit may take the number of one that is rolled back.
    pub(crate) fn keep(&self, known: Known) {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generations.insert((known.waifu.id, known.waifu.version), known);
    }
}

impl Generations {
    fn insert(&mut self, key: Key, known: Known) {
        if self.young.len() >= KEPT {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, known);
    }
}

#[cfg(test)]
mod tests {
    use waifu_testkit::builders::waifu;

    use super::*;

    fn known() -> Known {
        Known {
            head: WaifuHead::default(),
            waifu: Arc::new(waifu()),
        }
    }

    #[test]
    fn who_is_asked_for_stays_and_the_others_go() {
        let companions = Companions::default();
        let (asked_for, forgotten) = (known(), known());
        let is_there = |known: &Known| {
            let kept = companions.get(known.waifu.id, known.waifu.version);
            kept.is_some_and(|kept| Arc::ptr_eq(&kept.waifu, &known.waifu))
        };
        companions.keep(asked_for.clone());
        companions.keep(forgotten.clone());
        for _ in 0..4 * KEPT {
            companions.keep(known());
            assert!(is_there(&asked_for));
        }
        assert!(!is_there(&forgotten));
        let generations = companions.0.lock().unwrap();
        let kept = generations.young.len() + generations.old.len();
        assert!((KEPT..=2 * KEPT).contains(&kept), "{kept}");
    }

    #[test]
    fn a_version_is_not_taken_for_another() {
        let companions = Companions::default();
        let first = known();
        companions.keep(first.clone());
        assert!(companions.get(first.waifu.id, 2).is_none());
    }
}
