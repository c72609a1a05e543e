//! What is shared under a key for as long as somebody holds it. The map itself keeps nothing alive, and does not grow for
//! good.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Fewer entries than this are not swept.
const FEW: usize = 64;

#[derive(Debug)]
pub(crate) struct WeakMap<K, V>(Mutex<Entries<K, V>>);

#[derive(Debug)]
struct Entries<K, V> {
    held: HashMap<K, Weak<V>>,
    /// With so many entries those that nobody holds are swept: each is looked at a bounded number of times.
    swept_at: usize,
}

impl<K, V> Default for WeakMap<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Entries {
            held: HashMap::new(),
            swept_at: FEW,
        }))
    }
}

impl<K: Copy + Eq + Hash, V: Default> WeakMap<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<Arc<V>> {
        self.entries().held.get(key).and_then(Weak::upgrade)
    }

    pub(crate) fn get_or_default(&self, key: K) -> Arc<V> {
        let mut entries = self.entries();
        if let Some(value) = entries.held.get(&key).and_then(Weak::upgrade) {
            return value;
        }
        if entries.held.len() >= entries.swept_at {
            entries.held.retain(|_, value| value.strong_count() > 0);
            entries.swept_at = FEW.max(2 * entries.held.len());
        }
        let value = Arc::<V>::default();
        entries.held.insert(key, Arc::downgrade(&value));
        value
    }

    /// The keys whose values somebody holds.
    pub(crate) fn keys(&self) -> Vec<K> {
        let entries = self.entries();
        let held = entries.held.iter();
        held.filter(|(_, value)| value.strong_count() > 0)
            .map(|(key, _)| *key)
            .collect()
    }

    fn entries(&self) -> MutexGuard<'_, Entries<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_found_and_what_is_not_is_made_anew() {
        let map = WeakMap::<u32, Mutex<u32>>::default();
        let one = map.get_or_default(1);
        *one.lock().unwrap() = 7;
        assert_eq!(*map.get_or_default(1).lock().unwrap(), 7);
        assert_eq!((map.keys(), map.get(&2).is_none()), (vec![1], true));
        drop(one);
        assert!(map.get(&1).is_none() && map.keys().is_empty());
        assert_eq!(*map.get_or_default(1).lock().unwrap(), 0);
    }

    #[test]
    fn what_nobody_holds_does_not_pile_up_and_what_is_held_stays() {
        let map = WeakMap::<u32, ()>::default();
        let held: Vec<_> = (0..1_000).map(|key| map.get_or_default(key)).collect();
        for key in 1_000..100_000 {
            drop(map.get_or_default(key));
        }
        assert_eq!(map.keys().len(), held.len());
        assert!(map.entries().held.len() <= 2 * held.len() + FEW);
    }
}
