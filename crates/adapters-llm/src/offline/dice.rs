//! Chance that falls the same way every time: FNV-1a over what was said, and SplitMix64 from there.

#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// The standard library's hasher may change with its version; this one doesn't.
    pub(super) fn new<'a>(seed: u64, texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hash = 0xcbf2_9ce4_8422_2325 ^ seed;
        for text in texts {
            // 0xff is in no text, so it keeps "ab", "c" apart from "a", "bc".
            for byte in text.bytes().chain([0xff]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        Self(hash)
    }

    /// 0 up to and without `end`, which must not be 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let end = u64::try_from(end).expect("lengths fit in 64 bits");
        usize::try_from(mixed % end).expect("less than a length")
    }

    pub(super) fn percent(&mut self, chance: u8) -> bool {
        self.below(100) < usize::from(chance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_texts_fall_the_same_way() {
        let throws = |seed, texts: &[&str]| {
            let mut dice = Dice::new(seed, texts.iter().copied());
            (0..8).map(|_| dice.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(throws(1, &["a"]), throws(1, &["a"]));
        assert_ne!(throws(1, &["a"]), throws(2, &["a"]));
        assert_ne!(throws(1, &["ab", "c"]), throws(1, &["a", "bc"]));
    }
}
