//! Numbers that look like chance, and are the same again from the same seed.

use std::time::Duration;

#[derive(Debug, Clone)]
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// From 0 to one less than this.
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        // Knuth's MMIX, whose high bits are the good ones.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    pub(crate) fn index(&mut self, length: usize) -> usize {
        let length = u64::try_from(length).expect("a short list");
        usize::try_from(self.below(length)).expect("an index")
    }

    pub(crate) fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from))
    }
}
