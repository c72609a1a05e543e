//! A provider's stream of chunks as the stream of a reply, with the patience of each phase.

use std::time::Duration;

use async_stream::stream;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use tokio::time::{Instant, timeout, timeout_at};
use waifu_app::ports::language_model::{Finish, ModelError, Phase, ReplyPart, ReplyStream};
use waifu_domain::turn::Usage;

use super::chunk::Chunk;
use super::client::Timeouts;
use super::errors;
use super::sse::EventReader;

/// After the reason to finish only the count of tokens is missing: that is not worth more of anybody's time.
const PATIENCE_WITH_USAGE: Duration = Duration::from_secs(1);
/// How long the end of a body is waited for after `[DONE]`, so that its connection can be used again.
const PATIENCE_WITH_END: Duration = Duration::from_millis(20);

/// Reads only when it is polled, and closes the connection when it is dropped before the body has ended.
pub(super) fn reply(response: Response, timeouts: Timeouts, called: Instant) -> ReplyStream {
    let mut body = Body::of(response);
    Box::pin(stream! {
        let mut waiting = Waiting { phase: Phase::FirstWord, since: called, patience: timeouts.first_word };
        let (finish, usage) = loop {
            let heard = match timeout_at(waiting.deadline(), body.hear()).await {
                Err(_) => Heard::fault(waiting.given_up()),
                Ok(heard) => heard,
            };
            if !heard.text.is_empty() {
                yield Ok(ReplyPart::Text(heard.text));
                // What the listener took to come back is not the provider's silence.
                waiting = Waiting { phase: Phase::NextWord, since: Instant::now(), patience: timeouts.next_word };
            }
            if let Some(finish) = heard.finish {
                break (finish, heard.usage);
            }
            if let Some(error) = heard.fault {
                yield Err(error);
                return;
            }
            if heard.is_done {
                // It ended, or said that it was done, without a reason to finish.
                yield Err(ModelError::Cut(None));
                return;
            }
        };
        yield Ok(body.rest(finish, usage).await);
    })
}

#[derive(Debug)]
struct Waiting {
    phase: Phase,
    since: Instant,
    patience: Duration,
}

impl Waiting {
    fn deadline(&self) -> Instant {
        self.since + self.patience
    }

    fn given_up(&self) -> ModelError {
        ModelError::TimedOut {
            phase: self.phase,
            waited: self.since.elapsed(),
        }
    }
}

#[derive(Debug)]
struct Body {
    response: Response,
    reader: EventReader,
    /// `[DONE]` or the end has come: there is nothing to wait for but the connection.
    is_done: bool,
    has_ended: bool,
}

/// What one piece of the body says.
#[derive(Debug, Default)]
struct Heard {
    text: String,
    finish: Option<Finish>,
    usage: Option<Usage>,
    /// It came after all of the above.
    fault: Option<ModelError>,
    is_done: bool,
}

impl Body {
    fn of(mut response: Response) -> Self {
        let content_type = response.headers().get(CONTENT_TYPE);
        let is_json =
            content_type.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        // They are views of the buffer that they came in, and would keep it.
        response.headers_mut().clear();
        Self {
            response,
            // Some servers don't know `stream`, and answer with all of it at once.
            reader: if is_json {
                EventReader::of_whole_body()
            } else {
                EventReader::default()
            },
            is_done: false,
            has_ended: false,
        }
    }

    /// Waits for a piece and takes all that it says at once. Can be dropped at its one await and called again.
    async fn hear(&mut self) -> Heard {
        let mut heard = Heard::default();
        match self.response.chunk().await {
            Ok(Some(piece)) => {
                let mut piece = &piece[..];
                while !heard.is_over() {
                    match self.reader.next_event(&mut piece) {
                        Ok(Some(event)) => heard.take(event),
                        Ok(None) => break,
                        Err(error) => heard.fault = Some(ModelError::Malformed(Box::new(error))),
                    }
                }
            }
            Ok(None) => {
                self.has_ended = true;
                if let Some(event) = self.reader.last_event() {
                    heard.take(event);
                }
                heard.is_done = true;
            }
            Err(error) => heard.fault = Some(ModelError::Cut(Some(Box::new(error.without_url())))),
        }
        self.is_done |= heard.is_over();
        heard
    }

    /// She has said everything, so nothing that goes wrong from here on takes it back.
    async fn rest(&mut self, finish: Finish, told: Option<Usage>) -> ReplyPart {
        let mut usage = told;
        let patience = if usage.is_some() {
            PATIENCE_WITH_END
        } else {
            PATIENCE_WITH_USAGE
        };
        let rest = async {
            while !self.is_done {
                usage = self.hear().await.usage.or(usage);
            }
        };
        // Silence leaves the count unknown, and no more.
        let _ = timeout(patience, rest).await;
        if self.is_done && !self.has_ended {
            let end = async { while let Ok(Some(_)) = self.response.chunk().await {} };
            let _ = timeout(PATIENCE_WITH_END, end).await;
        }
        ReplyPart::Done { finish, usage }
    }
}

impl Heard {
    fn fault(error: ModelError) -> Self {
        Self {
            fault: Some(error),
            ..Self::default()
        }
    }

    fn is_over(&self) -> bool {
        self.is_done || self.fault.is_some()
    }

    fn take(&mut self, event: &[u8]) {
        if event == b"[DONE]" {
            self.is_done = true;
            return;
        }
        let chunk = match Chunk::parse(event) {
            Ok(chunk) => chunk,
            Err(error) => {
                self.fault = Some(errors::of_parsing(&error));
                return;
            }
        };
        if let Some(error) = &chunk.error {
            self.fault = Some(errors::of_chunk(error));
            return;
        }
        if self.finish.is_none() {
            self.text.push_str(chunk.text());
            self.finish = chunk.finish();
        }
        self.usage = chunk.usage().or(self.usage);
    }
}
