//! `scripted-model`: a model that costs next to nothing, for measuring what stands before it. It speaks as
//! OpenAI-compatible servers do; the name of the model that a request asks for tells what the reply looks like.

mod reply;
mod request;
mod shape;

use std::io::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};

use reply::Reply;
use request::{Inbox, Request};
use shape::ReplyShape;

/// A fast OpenAI-compatible model server for measurements: POST …/chat/completions, streamed, and GET /stats.
///
/// The model's name is the script: scripted-first20ms-rate500-words32 says its first word after 20 ms, then 500 words a
/// second, 32 in all. Rate 0 is all at once in one write. The first word is always "Hello".
#[derive(Debug, Parser)]
#[command(name = "scripted-model", version)]
struct Cli {
    /// Where to listen; port 0 picks a free one. The first line that is printed tells where
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

/// One thread: it must not take from the machine what is measured.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let listener = TcpListener::bind(Cli::parse().listen).await?;
    say_where(listener.local_addr()?);
    let counts = Arc::new(Counts::default());
    loop {
        let (socket, _) = listener.accept().await?;
        let counts = Arc::clone(&counts);
        // A client that hangs up ends its own connection alone.
        tokio::spawn(async move {
            let _ = serve(socket, &counts).await;
        });
    }
}

#[expect(
    clippy::print_stdout,
    reason = "whoever starts it reads the address from there"
)]
fn say_where(address: SocketAddr) {
    println!("scripted-model listens on http://{address}");
}

/// What `GET /stats` tells.
#[derive(Debug, Default)]
struct Counts {
    requests: AtomicU64,
    in_flight: AtomicU64,
    last_request_bytes: AtomicU64,
}

impl Counts {
    fn document(&self) -> String {
        format!(
            r#"{{"requests":{},"in_flight":{},"last_request_bytes":{}}}"#,
            self.requests.load(Ordering::Relaxed),
            self.in_flight.load(Ordering::Relaxed),
            self.last_request_bytes.load(Ordering::Relaxed),
        )
    }
}

/// A reply that is being said; counted until it is dropped.
struct InFlight<'a>(&'a Counts);

impl<'a> InFlight<'a> {
    fn new(counts: &'a Counts) -> Self {
        counts.requests.fetch_add(1, Ordering::Relaxed);
        counts.in_flight.fetch_add(1, Ordering::Relaxed);
        Self(counts)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn serve(mut socket: TcpStream, counts: &Counts) -> Result<(), Error> {
    socket.set_nodelay(true)?;
    let mut inbox = Inbox::default();
    // One client asks for one model, mostly.
    let mut known: Option<(String, Reply)> = None;
    while let Some(request) = inbox.next(&mut socket).await? {
        let asked_at = Instant::now();
        match request {
            Request {
                method: "GET",
                path: "/stats",
                ..
            } => {
                document(&mut socket, "200 OK", &counts.document()).await?;
            }
            Request {
                method: "POST",
                path,
                ..
            } if path.ends_with("/chat/completions") => {
                let model = request.text_field("model").unwrap_or_default();
                if known.as_ref().is_none_or(|(name, _)| name != model) {
                    known = ReplyShape::of_model(model)
                        .map(|shape| (model.to_owned(), Reply::new(model, shape)));
                }
                let bytes = u64::try_from(request.body.len()).unwrap_or(u64::MAX);
                counts.last_request_bytes.store(bytes, Ordering::Relaxed);
                match &known {
                    Some((_, reply)) if request.wants_a_stream() => {
                        let _counted = InFlight::new(counts);
                        speak(&mut socket, reply, asked_at).await
                    }
                    Some(_) => {
                        refuse(&mut socket, "400 Bad Request", "this server only streams").await
                    }
                    None => refuse(&mut socket, "404 Not Found", "no model has this name").await,
                }?;
            }
            _ => refuse(&mut socket, "404 Not Found", "no such path").await?,
        }
    }
    Ok(())
}

async fn speak(socket: &mut TcpStream, reply: &Reply, asked_at: Instant) -> Result<(), Error> {
    for (word, piece) in reply.pieces.iter().enumerate() {
        let due = reply.shape.due(word);
        // Not even a timer for a reply that is due at once.
        if !due.is_zero() {
            sleep_until(asked_at + due).await;
        }
        socket.write_all(piece).await?;
    }
    Ok(())
}

async fn refuse(socket: &mut TcpStream, status: &str, why: &str) -> Result<(), Error> {
    let body = format!(r#"{{"error":{{"message":"{why}","type":"invalid_request_error"}}}}"#);
    document(socket, status, &body).await
}

async fn document(socket: &mut TcpStream, status: &str, body: &str) -> Result<(), Error> {
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    socket.write_all(answer.as_bytes()).await
}
