//! Companions as they are now, read once for all who talk to them: her documents are long, and change rarely.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use waifu_domain::ids::WaifuId;
use waifu_domain::waifu::Waifu;

/// Twice as many are kept at most.
const A_GENERATION: usize = 512;

/// A version of her says all about her, as long as she is not deleted; only such are kept.
#[derive(Debug, Default)]
pub(crate) struct Companions(Mutex<Generations>);

/// Who is not asked for while a generation fills is forgotten with it.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<WaifuId, Arc<Waifu>>,
    old: HashMap<WaifuId, Arc<Waifu>>,
}

impl Generations {
    fn keep(&mut self, waifu: Arc<Waifu>) {
        if self.young.len() >= A_GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(waifu.id, waifu);
    }
}

impl Companions {
    /// The version that was kept last.
    pub(crate) fn get(&self, id: WaifuId) -> Option<Arc<Waifu>> {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waifu) = generations.young.get(&id) {
            return Some(waifu.clone());
        }
        let waifu = generations.old.remove(&id)?;
        generations.keep(waifu.clone());
        Some(waifu)
    }

    pub(crate) fn keep(&self, waifu: Arc<Waifu>) {
        if waifu.deleted_at.is_none() {
            let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            generations.keep(waifu);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{A_GENERATION, Companions};
    use std::sync::Arc;
    use waifu_domain::waifu::Waifu;
    use waifu_testkit::builders::{fresh, waifu};

    #[test]
    fn who_is_asked_for_stays_and_the_others_go() {
        let companions = Companions::default();
        let (loved, forgotten) = (waifu(), waifu());
        for known in [&loved, &forgotten] {
            companions.keep(Arc::new(known.clone()));
        }
        for _ in 0..3 * A_GENERATION {
            let other = Waifu {
                id: fresh(),
                ..loved.clone()
            };
            companions.keep(Arc::new(other));
            assert!(companions.get(loved.id).is_some());
        }
        assert!(companions.get(forgotten.id).is_none());
        let generations = companions.0.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= 2 * A_GENERATION);
    }

    #[test]
    fn a_deleted_companion_is_not_kept() {
        let companions = Companions::default();
        let deleted = Waifu {
            deleted_at: Some(waifu().created_at),
            ..waifu()
        };
        companions.keep(Arc::new(deleted.clone()));
        assert!(companions.get(deleted.id).is_none());
    }
}
