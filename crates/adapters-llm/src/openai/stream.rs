//! A provider's stream of chunks as the stream of a reply, with the patience of each phase.

use std::time::Duration;

use async_stream::stream;
use reqwest::Response;
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
    let mut chunks = Chunks {
        response,
        reader: EventReader::default(),
        piece: Vec::new(),
        eaten: 0,
        ended: false,
    };
    Box::pin(stream! {
        let mut waiting = Waiting { phase: Phase::FirstWord, since: called, patience: timeouts.first_word };
        let finish = loop {
            let chunk = match timeout_at(waiting.deadline(), chunks.next()).await {
                Err(_) => Err(waiting.given_up()),
                Ok(Err(error)) => Err(error),
                // It ended, or said that it was done, without a reason to finish.
                Ok(Ok(None)) => Err(ModelError::Cut(None)),
                Ok(Ok(Some(chunk))) => match chunk.error() {
                    Some(error) => Err(errors::of_chunk(error)),
                    None => Ok(chunk),
                },
            };
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => {
                    yield Err(error);
                    return;
                }
            };
            if let Some(text) = chunk.text() {
                yield Ok(ReplyPart::Text(text.to_owned()));
                // What the listener took to come back is not the provider's silence.
                waiting = Waiting { phase: Phase::NextWord, since: Instant::now(), patience: timeouts.next_word };
            }
            if let Some(finish) = chunk.finish() {
                break (finish, chunk.usage());
            }
        };
        let (finish, usage) = finish;
        yield Ok(done(&mut chunks, finish, usage).await);
    })
}

/// She has said everything, so nothing that goes wrong from here on takes it back.
async fn done(chunks: &mut Chunks, finish: Finish, told: Option<Usage>) -> ReplyPart {
    let mut usage = told;
    let rest = async {
        while let Ok(Some(chunk)) = chunks.next().await {
            usage = chunk.usage().or(usage);
        }
    };
    // Silence leaves the count unknown, and no more.
    let _ = timeout(PATIENCE_WITH_USAGE, rest).await;
    chunks.end().await;
    ReplyPart::Done { finish, usage }
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
struct Chunks {
    response: Response,
    reader: EventReader,
    piece: Vec<u8>,
    eaten: usize,
    ended: bool,
}

impl Chunks {
    /// `None` at `[DONE]` and at the end of the body.
    async fn next(&mut self) -> Result<Option<Chunk>, ModelError> {
        match self.next_event().await? {
            Some(data) if data != b"[DONE]" => Chunk::parse(&data)
                .map(Some)
                .map_err(|error| errors::of_parsing(&error)),
            Some(_) | None => Ok(None),
        }
    }

    /// Can be dropped at its one await and called again.
    async fn next_event(&mut self) -> Result<Option<Vec<u8>>, ModelError> {
        loop {
            let mut rest = &self.piece[self.eaten..];
            let event = self.reader.next_event(&mut rest);
            self.eaten = self.piece.len() - rest.len();
            if let Some(event) = event.map_err(|error| ModelError::Malformed(Box::new(error)))? {
                return Ok(Some(event));
            }
            match self.response.chunk().await {
                Ok(Some(piece)) => {
                    self.piece = piece.into();
                    self.eaten = 0;
                }
                Ok(None) => {
                    self.ended = true;
                    return Ok(self.reader.last_event());
                }
                Err(error) => return Err(ModelError::Cut(Some(Box::new(error.without_url())))),
            }
        }
    }

    async fn end(&mut self) {
        if !self.ended {
            let _ = timeout(PATIENCE_WITH_END, self.response.chunk()).await;
        }
    }
}
