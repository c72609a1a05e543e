//! What a client sends: one JSON object a text frame, under limits of size and rate.

use std::time::Duration;

use actix_ws::{AggregatedMessage, AggregatedMessageStream, ProtocolError};
use serde_json::Value;
use tokio::time::Instant;

use super::close::Close;
use super::frames::{CLIENT_TYPES, ClientFrame};
use crate::problem::{Code, Problem};
use crate::rest::body::parse_value;

/// The largest frame, in bytes.
pub const LARGEST_FRAME: usize = 128 * 1024;
/// The largest frame from somebody who has not authenticated.
const LARGEST_AUTH: usize = 4 * 1024;
pub const FRAMES_PER_MINUTE: u32 = 60;

pub enum Inbound {
    Frame(ClientFrame),
    /// A frame that can't be followed; the socket stays open.
    Refused(Problem),
    /// A WebSocket-level ping, to be answered by a pong with the same bytes.
    Ping(actix_web::web::Bytes),
    /// A sign of life without a meaning of its own.
    Alive,
}

pub struct Reader {
    stream: AggregatedMessageStream,
    window_started: Instant,
    in_window: u32,
}

impl Reader {
    pub fn new(stream: actix_ws::MessageStream) -> Self {
        let stream = stream
            .max_frame_size(LARGEST_FRAME)
            .aggregate_continuations()
            .max_continuation_size(LARGEST_FRAME);
        Self {
            stream,
            window_started: Instant::now(),
            in_window: 0,
        }
    }

    /// Waits for the next frame. Safe to drop while waiting.
    pub async fn next(&mut self, authenticated: bool) -> Result<Inbound, Close> {
        let Some(message) = self.stream.recv().await else {
            return Err(Close::ByClient);
        };
        match message.map_err(|error| refuse(&error))? {
            AggregatedMessage::Text(text) => {
                if !authenticated && text.len() > LARGEST_AUTH {
                    return Err(Close::FrameTooLarge);
                }
                self.count()?;
                read(&text)
            }
            AggregatedMessage::Binary(_) => Err(Close::Malformed("frames are text".to_owned())),
            AggregatedMessage::Ping(bytes) => {
                self.count()?;
                Ok(Inbound::Ping(bytes))
            }
            AggregatedMessage::Pong(_) => {
                self.count()?;
                Ok(Inbound::Alive)
            }
            AggregatedMessage::Close(_) => Err(Close::ByClient),
        }
    }

    fn count(&mut self) -> Result<(), Close> {
        if self.window_started.elapsed() >= Duration::from_mins(1) {
            self.window_started = Instant::now();
            self.in_window = 0;
        }
        self.in_window += 1;
        if self.in_window > FRAMES_PER_MINUTE {
            Err(Close::TooManyFrames)
        } else {
            Ok(())
        }
    }
}

fn refuse(error: &ProtocolError) -> Close {
    // Fragments that add up to too much come as an I/O error of the aggregator, told apart by its text alone.
    if matches!(error, ProtocolError::Overflow) || error.to_string().contains("Exceeded maximum") {
        Close::FrameTooLarge
    } else {
        Close::Malformed(error.to_string())
    }
}

fn read(text: &str) -> Result<Inbound, Close> {
    let not_a_frame = || Close::Malformed("a frame is one JSON object with a type".to_owned());
    let value: Value = serde_json::from_str(text).map_err(|_| not_a_frame())?;
    let kind = value
        .get("type")
        .and_then(Value::as_str)
        .ok_or_else(not_a_frame)?;
    if !CLIENT_TYPES.contains(&kind) {
        let detail = format!("there is no frame of the type {:?}", shortened(kind));
        return Ok(Inbound::Refused(Problem::new(Code::UnknownType, detail)));
    }
    Ok(match parse_value(value) {
        Ok(frame) => Inbound::Frame(frame),
        Err(problem) => Inbound::Refused(problem),
    })
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(64)]
}
