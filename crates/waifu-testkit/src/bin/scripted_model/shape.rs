//! What a reply looks like, told by the name of the model that is asked.

use std::time::Duration;

/// The words of a reply, over and over. The first one is what clients look for.
const WORDS: [&str; 16] = [
    "Hello",
    " there,",
    " I",
    " have",
    " been",
    " thinking",
    " of",
    " you.",
    " Tell",
    " me",
    " about",
    " your",
    " day,",
    " and",
    " take",
    " care!",
];

/// More than this is no reply, but a mistake in a name.
const MOST_WORDS: usize = 100_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReplyShape {
    pub(crate) before_first_word: Duration,
    /// 0 is all at once, in one write.
    pub(crate) words_per_second: u32,
    pub(crate) words: usize,
}

impl ReplyShape {
    /// Reads a name such as `scripted-first20ms-rate500-words32`; a part that is missing has its default.
    pub(crate) fn of_model(name: &str) -> Option<Self> {
        let mut shape = Self {
            before_first_word: Duration::ZERO,
            words_per_second: 0,
            words: 32,
        };
        let mut parts = name.split('-');
        if parts.next() != Some("scripted") {
            return None;
        }
        for part in parts {
            if let Some(number) = part.strip_prefix("first") {
                let milliseconds = number.strip_suffix("ms")?.parse().ok()?;
                shape.before_first_word = Duration::from_millis(milliseconds);
            } else if let Some(number) = part.strip_prefix("rate") {
                shape.words_per_second = number.parse().ok()?;
            } else {
                shape.words = part.strip_prefix("words")?.parse().ok()?;
            }
        }
        (1..=MOST_WORDS).contains(&shape.words).then_some(shape)
    }

    pub(crate) fn said(self) -> impl Iterator<Item = &'static str> {
        WORDS.iter().copied().cycle().take(self.words)
    }

    /// When a word is due, counted from the request.
    pub(crate) fn due(self, word: usize) -> Duration {
        let after_the_first = match u64::from(self.words_per_second) {
            0 => 0,
            rate => {
                u64::try_from(word)
                    .unwrap_or(u64::MAX)
                    .saturating_mul(1_000_000)
                    / rate
            }
        };
        self.before_first_word + Duration::from_micros(after_the_first)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::ReplyShape;

    #[test]
    fn a_name_tells_the_shape() {
        let shape = ReplyShape::of_model("scripted-first20ms-rate500-words48").unwrap();
        assert_eq!(
            shape,
            ReplyShape {
                before_first_word: Duration::from_millis(20),
                words_per_second: 500,
                words: 48,
            }
        );
        assert_eq!(shape.due(0), Duration::from_millis(20));
        assert_eq!(shape.due(5), Duration::from_millis(30));
    }

    #[test]
    fn what_a_name_does_not_tell_is_at_once_and_short() {
        let shape = ReplyShape::of_model("scripted").unwrap();
        assert_eq!(shape.due(31), Duration::ZERO);
        assert_eq!(shape.said().count(), 32);
        assert_eq!(shape.said().next(), Some("Hello"));
    }

    #[test]
    fn a_name_of_another_kind_is_no_model() {
        for name in [
            "",
            "gpt-4o-mini",
            "scripted-first20",
            "scripted-rate",
            "scripted-words0",
            "scripted-words99999999",
            "scripted-loud",
        ] {
            assert_eq!(ReplyShape::of_model(name), None, "{name}");
        }
    }
}
