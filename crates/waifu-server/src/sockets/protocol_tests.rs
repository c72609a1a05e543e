//! The transport against RFC 6455: an echo over a real connection, and a client that speaks the protocol's bytes by
//! hand, so that it can get everything wrong that there is. The sections are those of the Autobahn test suite.

mod closing;
mod frames;
mod limits;
mod slow;
mod text;
mod wire;

use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use futures_util::{StreamExt, stream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::close::Close;
use super::transport::{Incoming, LARGEST_FRAME, Message, Outgoing, open};
use wire::{Client, Heard, Sent};

/// Whatever is due comes within this; without it a connection that hangs would not be seen to.
const PATIENCE: Duration = Duration::from_secs(10);
/// More bytes than this are not written one by one.
const MOST_ONE_BY_ONE: usize = 2_000;
const AT_ONCE: usize = 200;

/// What a client sends, and what it is answered.
struct Case {
    name: String,
    sends: Vec<Sent>,
    ends: End,
}

enum End {
    /// All of this is heard, the client's goodbye is answered by the same, and the connection ends.
    Answered(Vec<Heard>),
    /// The connection ends with one of these codes; what came before may have been answered, and need not.
    Failed(&'static [u16]),
}

fn answered(name: impl Into<String>, sends: Vec<Sent>, heard: Vec<Heard>) -> Case {
    Case {
        name: name.into(),
        sends,
        ends: End::Answered(heard),
    }
}

fn failed(name: impl Into<String>, sends: Vec<Sent>, codes: &'static [u16]) -> Case {
    Case {
        name: name.into(),
        sends,
        ends: End::Failed(codes),
    }
}

/// The echo, listening on a port of its own until dropped.
struct Echo {
    port: u16,
    server: JoinHandle<std::io::Result<()>>,
}

impl Echo {
    fn start() -> Self {
        let server = HttpServer::new(|| App::new().route("/", web::get().to(echo)))
            .workers(1)
            .disable_signals()
            .shutdown_timeout(0)
            .bind(("127.0.0.1", 0))
            .expect("this machine has a free port");
        Self {
            port: server.addrs()[0].port(),
            server: tokio::spawn(server.run()),
        }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn echo(
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, actix_web::Error> {
    let (response, mut incoming, mut outgoing) = open(&request, payload, &["echo"], LARGEST_FRAME)?;
    actix_web::rt::spawn(async move {
        let Err(close) = repeat(&mut incoming, &mut outgoing).await;
        outgoing.close(&close).await;
    });
    Ok(response)
}

async fn repeat(
    incoming: &mut Incoming,
    outgoing: &mut Outgoing,
) -> Result<std::convert::Infallible, Close> {
    loop {
        let message = incoming.next().await?;
        outgoing.room().await?;
        match message {
            Message::Text(text) => outgoing.text(text.to_string()).await?,
            Message::Binary(bytes) => outgoing.binary(bytes).await?,
            Message::Ping(bytes) => outgoing.pong(&bytes).await?,
            Message::Pong | Message::Fragment => {}
        }
    }
}

/// Plays each case three times: written at once, in pieces of 997 bytes, and byte by byte. Many are played at once: a
/// connection takes a second to end, for which the server listens on.
async fn play(cases: Vec<Case>) {
    let echo = Echo::start();
    let ways = cases.iter().flat_map(|case| {
        let bytes: Vec<u8> = case.sends.iter().flat_map(Sent::bytes).collect();
        let is_long = bytes.len() > MOST_ONE_BY_ONE;
        let pieces = [usize::MAX, 997, 1].into_iter();
        let pieces = pieces.filter(move |piece| *piece > 1 || !is_long);
        pieces.map(move |piece| (case, bytes.clone(), piece))
    });
    let playing = stream::iter(ways).for_each_concurrent(AT_ONCE, async |(case, bytes, piece)| {
        let how = format!("{} in pieces of {piece} bytes", case.name);
        let heard = timeout(PATIENCE, exchange(echo.port, &bytes, piece)).await;
        let heard = heard.unwrap_or_else(|_| panic!("{how}: the connection hangs"));
        case.ends.check(&how, &heard);
    });
    playing.await;
}

/// Everything that is heard until the connection ends.
async fn exchange(port: u16, bytes: &[u8], piece: usize) -> Vec<Heard> {
    let client = Client::connect(port).await;
    let (mut reader, mut writer) = client.split();
    let write = async {
        for piece in bytes.chunks(piece) {
            // One that has been hung up on hears why.
            if writer.write(piece).await.is_err() {
                break;
            }
        }
    };
    let (heard, ()) = tokio::join!(reader.until_the_end(), write);
    heard
}

impl End {
    #[track_caller]
    fn check(&self, how: &str, heard: &[Heard]) {
        match self {
            Self::Answered(expected) => assert!(heard == expected, "{how}: {heard:?}"),
            Self::Failed(codes) => {
                let code = match heard.last() {
                    Some(Heard::Close(close)) => close.code(),
                    _ => None,
                };
                let is_right = code.is_some_and(|code| codes.contains(&code));
                assert!(is_right, "{how}: not {codes:?}, but {heard:?}");
            }
        }
    }
}
