//! One reply: its words go out as they come, under limits of size and time. The one retry loop of the program is here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use tracing::warn;
use waifu_domain::prompt::{Scene, compose};
use waifu_domain::turn::EndReason;

use super::budget::{may_have_been_read, tokens_of};
use super::ending::Ending;
use super::hub::Podium;
use super::limits::TurnLimits;
use super::provider::{Blame, Open, Provider, may_be_repeated};
use super::registry::Streaming;
use crate::log::chain;
use crate::ports::ids::IdSource;
use crate::ports::language_model::{
    LanguageModel, ModelError, ReplyPart, ReplyRequest, ReplyStream,
};
use tokio_util::sync::CancellationToken;

/// A call that brought no word is repeated so often.
const RETRIES: u32 = 2;
/// The first repetition waits for up to so long, and each further one for up to twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// A provider that wants to be left alone for longer is not waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What a reply is streamed with.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    pub(super) model: &'a dyn LanguageModel,
    pub(super) provider: &'a Provider,
    pub(super) ids: &'a (dyn IdSource + 'static),
    pub(super) limits: &'a TurnLimits,
    /// Cancelled when a draining server's grace is over.
    pub(super) hurry: &'a CancellationToken,
    pub(super) podium: &'a Podium,
    pub(super) streaming: &'a Streaming,
    /// What the model may have read. At most one call of a run costs anything: whatever is repeated was refused.
    pub(super) asked: AtomicU64,
}

impl Stage<'_> {
    /// Streams one reply. `None`: somebody else ended the run meanwhile, and what came is to be discarded.
    pub(super) async fn stream_reply(&self, scene: Scene) -> Option<Ending> {
        let said = || self.streaming.speech.text();
        let ending = tokio::select! {
            biased;
            () = self.streaming.lost.cancelled() => None,
            () = self.streaming.cancelled.cancelled() => Some(Ending::cancelled(said())),
            () = self.hurry.cancelled() => Some(Ending::broken_off(said(), EndReason::Draining)),
            () = tokio::time::sleep(self.limits.whole_reply) => {
                Some(Ending::broken_off(said(), EndReason::ProviderTimeout))
            }
            ending = self.listen(Arc::new(scene)) => Some(ending),
        };
        ending.map(|ending| Ending {
            asked: self.asked.load(Ordering::Relaxed),
            ..ending
        })
    }

    async fn listen(&self, mut scene: Arc<Scene>) -> Ending {
        let mut retries = 0;
        let mut is_trimmed = false;
        loop {
            if let Err(open) = self.provider.admit() {
                return self.refused(open);
            }
            let error = match self.begin(Arc::clone(&scene)).await {
                Ok(Begun::Over(ending)) => return ending,
                Ok(Begun::Speaks(reply)) => {
                    // A reply is long, and nothing that it was asked for with is needed again.
                    drop(scene);
                    return self.go_on(reply).await;
                }
                Err(error) => error,
            };
            let open = self.judge(&error);
            let pause = if matches!(error, ModelError::ContextLength) {
                let trimmed = trim(&scene).filter(|_| !is_trimmed);
                is_trimmed = true;
                trimmed.map(|trimmed| {
                    scene = trimmed;
                    Duration::ZERO
                })
            } else if open.is_none() && retries < RETRIES {
                self.pause(&error, retries).inspect(|_| retries += 1)
            } else {
                None
            };
            let Some(pause) = pause else {
                return self.fault(&error, open);
            };
            let speech = &self.streaming.speech;
            warn!(turn = %speech.turn_id, run = speech.run, error = chain(&error), "the model is called again");
            tokio::time::sleep(pause).await;
            speech.next_attempt();
        }
    }

    /// One call, up to the first word.
    async fn begin(&self, scene: Arc<Scene>) -> Result<Begun, ModelError> {
        let prompt = compose(&scene);
        self.asked.store(tokens_of(&prompt), Ordering::Relaxed);
        let request = ReplyRequest { prompt, scene };
        let mut reply = self.model.reply(request).await.inspect_err(|error| {
            if !may_have_been_read(error) {
                self.asked.store(0, Ordering::Relaxed);
            }
        })?;
        while self.streaming.speech.is_empty() {
            let part = reply.next().await.ok_or(ModelError::Cut(None))??;
            if let Some(ending) = self.take(part) {
                return Ok(Begun::Over(ending));
            }
        }
        Ok(Begun::Speaks(reply))
    }

    async fn go_on(&self, mut reply: ReplyStream) -> Ending {
        loop {
            let part = match reply.next().await {
                Some(Ok(part)) => part,
                Some(Err(error)) => return self.fault(&error, None),
                None => return self.fault(&ModelError::Cut(None), None),
            };
            if let Some(ending) = self.take(part) {
                return ending;
            }
        }
    }

    fn take(&self, part: ReplyPart) -> Option<Ending> {
        let speech = &self.streaming.speech;
        match part {
            ReplyPart::Text(text) => {
                // PostgreSQL stores no NUL, and no reply needs one.
                let mut text = text.replace('\0', "");
                if speech.is_empty() {
                    self.provider.is_there();
                }
                let is_cut = speech.say(&mut text, self.limits.reply_bytes);
                self.podium.has_spoken();
                is_cut.then(|| Ending::broken_off(speech.text(), EndReason::TooLong))
            }
            ReplyPart::Done { finish, usage } => {
                self.provider.is_there();
                Some(Ending::finished(speech.text(), finish, usage))
            }
        }
    }

    /// What a call without a word says of the provider.
    fn judge(&self, error: &ModelError) -> Option<Open> {
        match Blame::of(error) {
            Blame::Provider => self.provider.has_failed(),
            Blame::Request => {
                self.provider.is_there();
                None
            }
        }
    }

    /// How long the next call waits; `None`: there is none.
    fn pause(&self, error: &ModelError, retries: u32) -> Option<Duration> {
        let asked_for = match error {
            ModelError::RateLimited { retry_after } => retry_after.unwrap_or_default(),
            ModelError::Unreachable(_)
            | ModelError::TimedOut { .. }
            | ModelError::Refused { .. }
            | ModelError::ContextLength
            | ModelError::Malformed(_)
            | ModelError::Cut(_) => Duration::ZERO,
        };
        let is_worth_it =
            may_be_repeated(error) && asked_for <= LONGEST_PAUSE && self.provider.pay_for_a_retry();
        is_worth_it.then(|| asked_for + self.jitter(FIRST_PAUSE * 2_u32.pow(retries)))
    }

    /// Anything from nothing to `most`, so that those who failed together do not come back together.
    fn jitter(&self, most: Duration) -> Duration {
        let id = self.ids.new_id();
        let (_, _, _, random) = id.as_fields();
        let dice = u16::from_be_bytes([random[6], random[7]]);
        most * u32::from(dice) / u32::from(u16::MAX)
    }

    fn refused(&self, open: Open) -> Ending {
        let speech = &self.streaming.speech;
        warn!(turn = %speech.turn_id, run = speech.run, error = chain(&open), "the model is not called");
        Ending {
            retry_after: Some(open.after),
            ..Ending::broken_off(String::new(), EndReason::ProviderUnavailable)
        }
    }

    fn fault(&self, error: &ModelError, open: Option<Open>) -> Ending {
        let speech = &self.streaming.speech;
        warn!(turn = %speech.turn_id, run = speech.run, error = chain(error), "the model's reply broke off");
        let asked_for = match error {
            ModelError::RateLimited { retry_after } => *retry_after,
            ModelError::Unreachable(_)
            | ModelError::TimedOut { .. }
            | ModelError::Refused { .. }
            | ModelError::ContextLength
            | ModelError::Malformed(_)
            | ModelError::Cut(_) => None,
        };
        Ending {
            retry_after: asked_for.max(open.map(|open| open.after)),
            ..Ending::broken_off(speech.text(), EndReason::from(error))
        }
    }
}

/// What a call came to.
enum Begun {
    /// There is at least one word.
    Speaks(ReplyStream),
    Over(Ending),
}

/// With the newer half of what was said before; `None`: there is nothing to leave out.
fn trim(scene: &Scene) -> Option<Arc<Scene>> {
    let keep = scene.history.len() / 2;
    let mut trimmed = scene.clone();
    trimmed.history.drain(..scene.history.len() - keep);
    (trimmed.history.len() < scene.history.len()).then(|| Arc::new(trimmed))
}
