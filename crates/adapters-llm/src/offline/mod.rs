//! The offline companion: she answers by rules, without any model and without any network, so that the program is
//! whole wherever it runs. The same seed and scene always give the same reply.

mod compose;
mod dice;
mod meaning;
mod occasion;
mod slots;
#[cfg(test)]
mod tests;
mod voices;
mod words;

use std::time::Duration;

use async_stream::stream;
use async_trait::async_trait;
use tokio::time::{Instant, sleep_until};
use waifu_app::ports::language_model::{
    Finish, LanguageModel, ModelError, ModelKind, ReplyPart, ReplyRequest, ReplyStream,
};

use crate::lexicon::LexiconAppraiser;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OfflineOptions {
    /// How fast she speaks; 0 says everything at once.
    pub words_per_second: u32,
    /// Another seed gives other replies to the same scenes.
    pub seed: u64,
}

#[derive(Debug)]
pub struct OfflineCompanion {
    options: OfflineOptions,
    appraiser: LexiconAppraiser,
}

impl OfflineCompanion {
    pub fn new(options: OfflineOptions) -> Self {
        Self {
            options,
            appraiser: LexiconAppraiser::new(),
        }
    }
}

#[async_trait]
impl LanguageModel for OfflineCompanion {
    async fn reply(&self, request: ReplyRequest) -> Result<ReplyStream, ModelError> {
        let scene = &request.scene;
        let appraisal = self.appraiser.weigh(scene.occasion.said());
        let text = compose::reply(scene, appraisal, self.options.seed);
        Ok(speak(text, self.options.words_per_second))
    }

    fn kind(&self) -> ModelKind {
        ModelKind::Offline
    }
}

fn speak(text: String, words_per_second: u32) -> ReplyStream {
    Box::pin(stream! {
        let started = Instant::now();
        for (nth, word) in (0_u32..).zip(text.split_inclusive(' ')) {
            if words_per_second > 0 && nth > 0 {
                // From the start, so that late words don't add up.
                let due = Duration::from_secs_f64(f64::from(nth) / f64::from(words_per_second));
                sleep_until(started + due).await;
            }
            yield Ok(ReplyPart::Text(word.to_owned()));
        }
        yield Ok(ReplyPart::Done { finish: Finish::Stop, usage: None });
    })
}
