//! What it costs a server that many are connected: idle sockets, or replies that stream.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::http::{Connection, Head, Listener};
use crate::processes::Memory;
use crate::say;
use crate::target::Target;
use crate::template::Member;
use crate::turn::Hearing;

const PROTOCOL: &str = "waifu.chat.v1";
/// Opened before the first reading, so that what a server makes once is not counted for each.
const WARM_UP: usize = 32;
/// So many are opened at a time.
const AT_ONCE: usize = 32;
/// All have to be open within this.
const PATIENCE: Duration = Duration::from_secs(20);
/// Until a server that has just been connected to is at rest.
const REST: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// WebSockets that are ready, and on which nothing is said.
    Sockets,
    /// Replies whose first word has come, and whose last is far.
    Streams,
}

#[derive(Debug, Serialize)]
pub(crate) struct Held {
    what: &'static str,
    asked: usize,
    /// Ready, or with a first word.
    opened: usize,
    /// How many were still there at the end.
    left: usize,
    /// With those of the warm-up alone.
    before: Memory,
    after: Memory,
    rss_kib_each: f64,
    pss_kib_each: f64,
}

/// Those that are held: how many have opened, and how many are there yet.
#[derive(Debug, Default)]
struct Hall {
    opened: Cell<usize>,
    left: Cell<usize>,
}

/// Opens so many, lets the server come to rest, and reads the memory of the process that has them.
pub(crate) async fn hold(
    target: &Rc<Target>,
    what: What,
    many: usize,
    process: u32,
) -> Result<Held> {
    let cast = target
        .cast
        .as_ref()
        .context("whoever connects needs a cast")?;
    let wanted = WARM_UP + many;
    // Sockets of one pair stand each other well; replies do not.
    ensure!(
        what == What::Sockets || wanted <= cast.members.len(),
        "{wanted} replies are to stream, and the cast has {}",
        cast.members.len()
    );
    let hall = Rc::new(Hall::default());
    let mut guests = JoinSet::new();
    open(&mut guests, target, &hall, what, 0..WARM_UP).await;
    tokio::time::sleep(REST).await;
    let before = Memory::of(process);
    open(&mut guests, target, &hall, what, WARM_UP..wanted).await;
    let opened = hall.opened.get().saturating_sub(WARM_UP);
    tokio::time::sleep(REST).await;
    let after = Memory::of(process);
    let left = hall.left.get().saturating_sub(WARM_UP);
    guests.shutdown().await;
    let each = |after: u64, before: u64| (kib(after) - kib(before)) / kib(many.max(1));
    Ok(Held {
        what: match what {
            What::Sockets => "idle sockets",
            What::Streams => "open streams",
        },
        asked: many,
        opened,
        left,
        before,
        after,
        rss_kib_each: each(after.rss, before.rss),
        pss_kib_each: each(after.pss, before.pss),
    })
}

impl Held {
    pub(crate) fn say(&self) {
        say::line(&format!(
            "\n{} {}: {} opened, {} left after {REST:?}; the server has {:.1} MiB resident, {:+.1} KiB each (PSS {:+.1} KiB)",
            self.asked,
            self.what,
            self.opened,
            self.left,
            kib(self.after.rss) / 1_024.0,
            self.rss_kib_each,
            self.pss_kib_each,
        ));
    }
}

async fn open(
    guests: &mut JoinSet<()>,
    target: &Rc<Target>,
    hall: &Rc<Hall>,
    what: What,
    members: std::ops::Range<usize>,
) {
    let start = Instant::now();
    for member in members {
        let (target, guest_of) = (Rc::clone(target), Rc::clone(hall));
        guests.spawn_local(async move {
            let stayed = match what {
                What::Sockets => socket(&target, member, &guest_of).await,
                What::Streams => stream(&target, member, &guest_of).await,
            };
            if let Err(error) = stayed {
                say::line(&format!("one left: {error:#}"));
            }
        });
        while guests.len() >= hall.opened.get() + AT_ONCE && start.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    while hall.opened.get() < guests.len() && start.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Counts one that has opened, until it is dropped.
struct Seat<'a>(&'a Hall);

impl<'a> Seat<'a> {
    fn taken_in(hall: &'a Hall) -> Self {
        hall.opened.set(hall.opened.get() + 1);
        hall.left.set(hall.left.get() + 1);
        Self(hall)
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.left.set(self.0.left.get() - 1);
    }
}

async fn socket(target: &Target, member: usize, hall: &Hall) -> Result<()> {
    let cast = target
        .cast
        .as_ref()
        .context("whoever connects needs a cast")?;
    let member = &cast.members[member % cast.members.len()];
    let mut socket = connect(&target.address, member).await?;
    let mut seat = None;
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message? else {
            continue;
        };
        if text.contains(r#""type":"ready""#) {
            seat = Some(Seat::taken_in(hall));
        } else if text.contains(r#""type":"ping""#) {
            socket.send(Message::text(r#"{"type":"pong"}"#)).await?;
        }
    }
    drop(seat);
    bail!("the socket was closed");
}

async fn connect(address: &str, member: &Member) -> Result<WebSocketStream<TcpStream>> {
    let url = format!("ws://{address}/ws/agents/{}/chat", member["waifu_id"]);
    let mut request = url.into_client_request()?;
    let headers = request.headers_mut();
    headers.insert(
        "Authorization",
        format!("Bearer {}", member["token"]).parse()?,
    );
    headers.insert("Sec-WebSocket-Protocol", PROTOCOL.parse()?);
    let stream = TcpStream::connect(address)
        .await
        .context("failed to connect")?;
    let (socket, _) = client_async(request, stream)
        .await
        .context("failed to open a socket")?;
    Ok(socket)
}

async fn stream(target: &Target, member: usize, hall: &Hall) -> Result<()> {
    let mut connection = Connection::open(&target.address).await?;
    let mut guest = Guest {
        hearing: Hearing::new(&target.markers),
        hall,
        seat: None,
    };
    let request = target.request(Some(member));
    connection.exchange(request.as_bytes(), &mut guest).await?;
    bail!("the reply has ended");
}

/// Takes a seat with the first word.
struct Guest<'a> {
    hearing: Hearing<'a>,
    hall: &'a Hall,
    seat: Option<Seat<'a>>,
}

impl Listener for Guest<'_> {
    fn begin(&mut self, head: Head) {
        self.hearing.begin(head);
    }

    fn piece(&mut self, bytes: &[u8]) {
        self.hearing.piece(bytes);
        if self.seat.is_none() && self.hearing.has_first_word() {
            self.seat = Some(Seat::taken_in(self.hall));
        }
    }
}

fn kib(count: impl TryInto<u32>) -> f64 {
    f64::from(count.try_into().unwrap_or(u32::MAX))
}
