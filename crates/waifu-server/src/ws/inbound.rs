//! What a client sends: one JSON object a text frame, under a limit of rate. Unknown fields are ignored.

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;
use waifu_app::use_cases::ResumeFrom;

use crate::problem::{Code, Problem};
use crate::rest::body::parse_value;
use crate::sockets::close::Close;
use crate::sockets::frame_rate::FrameRate;
use crate::sockets::transport::{Incoming, Message};

// No `Debug`: it holds tokens and messages in clear.
#[derive(Deserialize)]
#[serde(tag = "type")]
pub enum ClientFrame {
    #[serde(rename = "auth")]
    Auth {
        access_token: String,
        resume: Option<Resume>,
    },
    #[serde(rename = "auth.refresh")]
    AuthRefresh { access_token: String },
    #[serde(rename = "message.send")]
    MessageSend {
        client_message_id: Uuid,
        text: String,
    },
    #[serde(rename = "turn.cancel")]
    TurnCancel { turn_id: Uuid },
    #[serde(rename = "turn.sync")]
    TurnSync { turn_id: Uuid },
    #[serde(rename = "pong")]
    Pong,
}

/// The types that [`ClientFrame`] has: any other is unknown, which is no reason to hang up.
const CLIENT_TYPES: [&str; 6] = [
    "auth",
    "auth.refresh",
    "message.send",
    "turn.cancel",
    "turn.sync",
    "pong",
];

/// Where a client that comes back was.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Resume {
    epoch: Option<Uuid>,
    seq: u64,
}

impl From<Resume> for ResumeFrom {
    fn from(resume: Resume) -> Self {
        Self {
            epoch: resume.epoch.map(Into::into),
            seq: resume.seq,
        }
    }
}

pub enum Inbound {
    Frame(ClientFrame),
    /// A frame that can't be followed; the socket stays open.
    Refused(Problem),
    /// A sign of life without a meaning of its own.
    Alive,
    /// A ping of the WebSocket protocol, with what its pong has to hold.
    Ping(actix_web::web::Bytes),
}

pub struct Reader {
    incoming: Incoming,
    rate: FrameRate,
}

impl Reader {
    pub fn new(incoming: Incoming) -> Self {
        Self {
            incoming,
            rate: FrameRate::new(),
        }
    }

    /// Waits for the next frame. Safe to drop while waiting.
    pub async fn next(&mut self) -> Result<Inbound, Close> {
        let message = self.incoming.next().await?;
        self.rate.count()?;
        match message {
            Message::Text(text) => read(&text),
            Message::Binary(_) => Err(Close::Malformed("frames are text".to_owned())),
            Message::Ping(bytes) => Ok(Inbound::Ping(bytes)),
            Message::Pong | Message::Fragment => Ok(Inbound::Alive),
        }
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
        let detail = format!("there is no frame of the type {kind:?}");
        return Ok(Inbound::Refused(Problem::new(Code::UnknownType, detail)));
    }
    Ok(match parse_value(value) {
        Ok(frame) => Inbound::Frame(frame),
        Err(problem) => Inbound::Refused(problem),
    })
}
