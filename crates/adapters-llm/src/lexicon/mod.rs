//! An appraiser that works by words and rules, without a model.
//!
//! What a clause feels like is told by VADER (C.J. Hutto and E.E. Gilbert, "VADER: A Parsimonious Rule-based Model
//! for Sentiment Analysis of Social Media Text", ICWSM-14; algorithm and lexicon under the MIT licence), in the form
//! of the `vader-parity` crate (MIT or Apache-2.0, the lexicon's data MIT). That alone knows no difference between
//! "you are awful" and "my day was awful", so who it is said of is decided here: only what is said to her or of her
//! can be hostile, cold or affectionate.

pub(crate) mod clauses;
pub(crate) mod cues;
#[cfg(test)]
mod tests;
mod weigh;

use std::sync::LazyLock;

use async_trait::async_trait;
use vader_parity::SentimentIntensityAnalyzer;
use waifu_app::ports::appraiser::Appraiser;
use waifu_domain::affection::Appraisal;

/// Read once, and shared by whoever weighs.
pub(crate) static VADER: LazyLock<SentimentIntensityAnalyzer> =
    LazyLock::new(SentimentIntensityAnalyzer::new);

/// Texts of more bytes than this are weighed off the async threads, which they would hold up for milliseconds.
const QUICKLY_WEIGHED: usize = 1024;

/// Understands English; everything else is neutral.
#[derive(Debug, Clone, Copy, Default)]
pub struct LexiconAppraiser;

impl LexiconAppraiser {
    /// Reads the lexicon, which takes some milliseconds, so that the first message need not.
    pub fn new() -> Self {
        LazyLock::force(&VADER);
        Self
    }

    /// The same text always weighs the same.
    pub fn weigh(self, text: &str) -> Appraisal {
        weigh::message(text, &VADER)
    }
}

#[async_trait]
impl Appraiser for LexiconAppraiser {
    async fn appraise(&self, text: &str) -> Appraisal {
        if text.len() <= QUICKLY_WEIGHED {
            return self.weigh(text);
        }
        let (lexicon, text) = (*self, text.to_owned());
        let weighed = tokio::task::spawn_blocking(move || lexicon.weigh(&text));
        // Only a runtime that is stopping gives no answer.
        weighed.await.unwrap_or(Appraisal::Neutral)
    }
}
