//! What a client sends: one message of the protocol a text frame, under a limit of rate.

use actix_web::web::Bytes;
use juniper::DefaultScalarValue;
use juniper_graphql_ws::graphql_transport_ws;

use crate::sockets::close::Close;
use crate::sockets::frame_rate::FrameRate;
use crate::sockets::transport::{Incoming, LARGEST_AUTH, Message};

pub type ClientMessage = graphql_transport_ws::ClientMessage<DefaultScalarValue>;

pub enum Inbound {
    Message(ClientMessage),
    /// A sign of life without a meaning of its own.
    Alive,
    /// A ping of the WebSocket protocol, with what its pong has to hold.
    Ping(Bytes),
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
    pub async fn next(&mut self, authenticated: bool) -> Result<Inbound, Close> {
        let message = self.incoming.next().await?;
        self.rate.count()?;
        match message {
            Message::Text(text) if !authenticated && text.len() > LARGEST_AUTH => {
                Err(Close::FrameTooLarge)
            }
            Message::Text(text) => match serde_json::from_str(&text) {
                Ok(message) => Ok(Inbound::Message(message)),
                Err(_) => Err(Close::Malformed(
                    "not a message of graphql-transport-ws".to_owned(),
                )),
            },
            Message::Binary(_) => Err(Close::Malformed("messages are text".to_owned())),
            Message::Ping(bytes) => Ok(Inbound::Ping(bytes)),
            Message::Pong | Message::Fragment => Ok(Inbound::Alive),
        }
    }
}
