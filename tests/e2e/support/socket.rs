//! A client of the chat socket that takes every frame as it comes.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::rest::{Door, User};

/// A frame that is due comes within this.
const PATIENCE: Duration = Duration::from_secs(15);

/// How the first turn of all ends: with what it moved, and the event that it opens.
pub(crate) const SETTLED: [&str; 3] = ["relationship.updated", "event.opened", "turn.done"];

#[derive(Debug)]
pub(crate) struct Socket {
    stream: WebSocketStream<TcpStream>,
    /// The subprotocol that the server chose.
    pub(crate) protocol: Option<String>,
}

/// What a socket hears next.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    Frame(Value),
    Pong(Vec<u8>),
    Closed(u16),
    /// Without a word of farewell.
    Lost,
}

impl Socket {
    /// Opens a socket with these headers; an error is the status of a refusal and its body.
    pub(crate) async fn open(
        door: &Door,
        waifu: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, (u16, String)> {
        Self::open_at(door, &format!("/ws/agents/{waifu}/chat"), headers).await
    }

    /// As [`Socket::open`], at any path.
    pub(crate) async fn open_at(
        door: &Door,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, (u16, String)> {
        let connected = TcpStream::connect(address_of(door)).await;
        Self::open_on(connected.expect("a connection"), door, path, headers).await
    }

    async fn open_on(
        connection: TcpStream,
        door: &Door,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, (u16, String)> {
        let mut request = format!("ws://{}{path}", address_of(door))
            .into_client_request()
            .expect("an address");
        for (name, value) in headers {
            request
                .headers_mut()
                .insert(*name, value.parse().expect("a header"));
        }
        match timeout(PATIENCE, client_async(request, connection))
            .await
            .expect("an answer in time")
        {
            Ok((stream, response)) => {
                let protocol = response.headers().get("sec-websocket-protocol");
                let protocol = protocol.map(|name| name.to_str().expect("a name").to_owned());
                Ok(Self { stream, protocol })
            }
            Err(Error::Http(refusal)) => {
                let body = refusal.body().as_deref().unwrap_or_default();
                Err((
                    refusal.status().as_u16(),
                    String::from_utf8_lossy(body).into_owned(),
                ))
            }
            Err(error) => panic!("no socket: {error}"),
        }
    }

    /// A socket at a server that may be gone; `None` when it is, or lets nobody in. `place` is as `Waifu-Resume` has it.
    pub(crate) async fn attempt(user: &User, waifu: &str, place: Option<&str>) -> Option<Self> {
        let address = address_of(&user.door);
        let mut request = format!("ws://{address}/ws/agents/{waifu}/chat")
            .into_client_request()
            .expect("an address");
        let bearer = format!("Bearer {}", user.token);
        let place = place.map(|place| ("Waifu-Resume", place));
        for (name, value) in place
            .into_iter()
            .chain([("Authorization", bearer.as_str())])
        {
            let value = value.parse().expect("a header");
            request.headers_mut().insert(name, value);
        }
        let connection = TcpStream::connect(address).await.ok()?;
        let opened = timeout(PATIENCE, client_async(request, connection)).await;
        let (stream, _) = opened.ok()?.ok()?;
        Some(Self {
            stream,
            protocol: None,
        })
    }

    /// A socket whose side of the connection takes in next to nothing while nobody listens.
    pub(crate) async fn narrow(user: &User, waifu: &str) -> Self {
        let bearer = format!("Bearer {}", user.token);
        let path = format!("/ws/agents/{waifu}/chat");
        Self::narrow_at(&user.door, &path, &[("Authorization", &bearer)]).await
    }

    /// As [`Socket::narrow`], at any path.
    pub(crate) async fn narrow_at(
        door: &Door,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4_096).expect("a small buffer");
        let address = address_of(door).parse().expect("an address");
        let connection = socket.connect(address).await.expect("a connection");
        let opened = Self::open_on(connection, door, path, headers).await;
        opened.expect("a socket")
    }

    /// A socket of somebody who comes back, and its first frame. `place` is as `Waifu-Resume` has it.
    pub(crate) async fn resuming(user: &User, waifu: &str, place: &str) -> (Self, Value) {
        let bearer = format!("Bearer {}", user.token);
        let headers = [("Authorization", bearer.as_str()), ("Waifu-Resume", place)];
        let mut socket = Self::open(&user.door, waifu, &headers)
            .await
            .expect("a socket");
        let ready = socket.expect("ready").await;
        (socket, ready)
    }

    /// A socket of somebody who says who he is with the upgrade.
    pub(crate) async fn of(user: &User, waifu: &str) -> Self {
        let bearer = format!("Bearer {}", user.token);
        Self::open(&user.door, waifu, &[("Authorization", &bearer)])
            .await
            .expect("a socket")
    }

    /// A socket that is ready, and its first frame.
    pub(crate) async fn ready(user: &User, waifu: &str) -> (Self, Value) {
        let mut socket = Self::of(user, waifu).await;
        let ready = socket.expect("ready").await;
        (socket, ready)
    }

    /// A socket that is to say who it is.
    pub(crate) async fn unauthenticated(door: &Door, waifu: &str) -> Self {
        Self::open(door, waifu, &[]).await.expect("a socket")
    }

    pub(crate) async fn send(&mut self, frame: &Value) {
        self.send_text(&frame.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.send_raw(Message::text(text)).await;
    }

    pub(crate) async fn send_raw(&mut self, message: Message) {
        // One that has been hung up on is told so when it listens.
        let _ = self.stream.send(message).await;
    }

    /// Says something to her; the id of that.
    pub(crate) async fn say(&mut self, text: &str) -> String {
        let id = super::new_id();
        self.say_as(&id, text).await;
        id
    }

    pub(crate) async fn say_as(&mut self, client_message_id: &str, text: &str) {
        let frame =
            json!({"type": "message.send", "client_message_id": client_message_id, "text": text});
        self.send(&frame).await;
    }

    /// What comes next; `None` when nothing does for so long.
    pub(crate) async fn hear_within(&mut self, patience: Duration) -> Option<Heard> {
        timeout(patience, self.hear_on()).await.ok()
    }

    /// What comes next, however long that takes.
    pub(crate) async fn hear_on(&mut self) -> Heard {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    return Heard::Frame(serde_json::from_str(&text).expect("frames are JSON"));
                }
                Some(Ok(Message::Pong(bytes))) => return Heard::Pong(bytes.to_vec()),
                Some(Ok(Message::Close(Some(close)))) => return Heard::Closed(close.code.into()),
                Some(Ok(Message::Ping(_))) => {}
                Some(Ok(message)) => panic!("unexpected: {message:?}"),
                Some(Err(_)) | None => return Heard::Lost,
            }
        }
    }

    pub(crate) async fn hear(&mut self) -> Heard {
        self.hear_within(PATIENCE)
            .await
            .unwrap_or_else(|| panic!("nothing was heard for {PATIENCE:?}"))
    }

    /// The next frame.
    pub(crate) async fn frame(&mut self) -> Value {
        match self.hear().await {
            Heard::Frame(frame) => frame,
            other @ (Heard::Pong(_) | Heard::Closed(_) | Heard::Lost) => {
                panic!("no frame came, but {other:?}")
            }
        }
    }

    /// The next frame, which must have this type.
    pub(crate) async fn expect(&mut self, kind: &str) -> Value {
        let frame = self.frame().await;
        assert_eq!(frame["type"], kind, "{frame}");
        frame
    }

    /// The next frames, up to and with one of this type.
    pub(crate) async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut frames = vec![self.frame().await];
        while frames.last().is_some_and(|frame| frame["type"] != kind) {
            frames.push(self.frame().await);
        }
        frames
    }

    /// The code with which it is closed; frames before that are passed over.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            match self.hear().await {
                Heard::Closed(code) => return code,
                Heard::Frame(_) | Heard::Pong(_) => {}
                Heard::Lost => panic!("the connection was lost without a close code"),
            }
        }
    }

    /// Nothing must come for so long.
    pub(crate) async fn silent_for(&mut self, patience: Duration) {
        let heard = self.hear_within(patience).await;
        assert_eq!(heard, None);
    }
}

fn address_of(door: &Door) -> &str {
    let address = door.address.strip_prefix("http://");
    address.expect("a door of plain http")
}

/// Where a client is that heard this `ready`, or went on to this number.
pub(crate) fn place(ready: &Value, seq: impl Into<Option<u64>>) -> String {
    let epoch = ready["epoch"].as_str().unwrap_or("null");
    let seq = seq.into().or(ready["seq"].as_u64()).expect("a number");
    format!("{epoch}:{seq}")
}

pub(crate) fn types(frames: &[Value]) -> Vec<&str> {
    frames
        .iter()
        .map(|frame| frame["type"].as_str().expect("a type"))
        .collect()
}

/// The types of all frames but the deltas.
pub(crate) fn durable_types(frames: &[Value]) -> Vec<&str> {
    types(frames)
        .into_iter()
        .filter(|kind| *kind != "turn.delta")
        .collect()
}

/// The words of the deltas, which must be numbered from `first` without a hole.
#[track_caller]
pub(crate) fn words_from(first: u64, frames: &[Value]) -> String {
    let deltas = frames.iter().filter(|frame| frame["type"] == "turn.delta");
    (first..)
        .zip(deltas)
        .map(|(index, delta)| {
            assert_eq!(delta["index"], index, "{delta}");
            delta["text"].as_str().expect("words")
        })
        .collect()
}

pub(crate) fn durable(frames: &[Value]) -> Vec<Value> {
    let durable = frames.iter().filter(|frame| frame["seq"].is_u64());
    durable.cloned().collect()
}

pub(crate) fn seqs(frames: &[Value]) -> Vec<u64> {
    frames
        .iter()
        .filter_map(|frame| frame["seq"].as_u64())
        .collect()
}
