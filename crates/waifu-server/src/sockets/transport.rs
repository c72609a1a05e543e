//! Messages in and out of one socket. What is on its way to a client who reads slowly is bounded, and so is the time
//! for which that may last.

use std::pin::Pin;
use std::str::Utf8Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::error::PayloadError;
use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{HttpRequest, HttpResponse};
use actix_ws::{Item, MessageStream, ProtocolError, Session};
use bytestring::ByteString;
use futures_util::SinkExt;
use tokio::sync::Notify;
use tokio::task::unconstrained;
use tokio::time::{Instant, timeout, timeout_at};

use super::close::Close;
use super::guard::guarded;

/// The largest message that is taken, in bytes, however many fragments it comes in.
pub const LARGEST_FRAME: usize = 128 * 1024;
/// The largest first message of somebody who has to authenticate with it, in bytes.
pub const LARGEST_AUTH: usize = 4 * 1024;
/// As long as less than this waits to be sent, one more frame may be added.
const MOST_WAITING: usize = 4 * 1024;
/// What a frame weighs beside its bytes: the connection takes 32 frames at once, and 32 of these are all that may wait.
const FRAME_WEIGHT: usize = MOST_WAITING / 32;
/// Bytes that the connection is given at once.
const SLICE: usize = 4 * 1024;
/// A client that takes nothing for so long is too slow.
const SLOWEST_WRITE: Duration = Duration::from_secs(10);
const LONGEST_GOODBYE: Duration = Duration::from_secs(1);

/// Upgrades a request whose protocol is one of these, or that names none. The first message may be of so many bytes.
pub fn open(
    request: &HttpRequest,
    payload: Payload,
    protocols: &[&str],
    largest_first: usize,
) -> Result<(HttpResponse, Incoming, Outgoing), actix_web::Error> {
    let payload = guarded(request, payload, largest_first, LARGEST_FRAME);
    let (response, session, stream) = actix_ws::handle_with_protocols(request, payload, protocols)?;
    let incoming = Incoming {
        stream: stream.max_frame_size(LARGEST_FRAME),
        is_text: false,
        fragments: BytesMut::new(),
    };
    let waiting = Arc::<Waiting>::default();
    let outgoing = Outgoing {
        session,
        waiting: Arc::clone(&waiting),
        blocked_since: None,
    };
    let response = response.map_body(|_, body| {
        let sliced = Sliced {
            body,
            rest: Bytes::new(),
            weight: 0,
            waiting,
        };
        sliced.boxed()
    });
    Ok((response, incoming, outgoing))
}

pub struct Incoming {
    stream: MessageStream,
    is_text: bool,
    /// Of the message that comes in several.
    fragments: BytesMut,
}

#[derive(Debug)]
pub enum Message {
    Text(ByteString),
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "no protocol of ours has binary frames yet")
    )]
    Binary(Bytes),
    /// A part of a message, and not its last.
    Fragment,
    /// To be answered by a pong with the same bytes.
    Ping(Bytes),
    Pong,
}

impl Incoming {
    /// Waits for the next message. Safe to drop while waiting.
    pub async fn next(&mut self) -> Result<Message, Close> {
        loop {
            let message = self.stream.recv().await.ok_or(Close::ByClient(None))?;
            return Ok(match message.map_err(|error| refuse(&error))? {
                actix_ws::Message::Text(text) => Message::Text(text),
                actix_ws::Message::Binary(bytes) => Message::Binary(bytes),
                actix_ws::Message::Ping(bytes) => Message::Ping(bytes),
                actix_ws::Message::Pong(_) => Message::Pong,
                actix_ws::Message::Close(reason) => return Err(Close::ByClient(reason)),
                actix_ws::Message::Nop => continue,
                actix_ws::Message::Continuation(item) => self.gather(item)?,
            });
        }
    }

    /// Fragments come in an order that makes sense, and [`guarded`] sees to their size.
    fn gather(&mut self, item: Item) -> Result<Message, Close> {
        let (bytes, is_last) = match item {
            Item::FirstText(bytes) => {
                self.is_text = true;
                (bytes, false)
            }
            Item::FirstBinary(bytes) => {
                self.is_text = false;
                (bytes, false)
            }
            Item::Continue(bytes) => (bytes, false),
            Item::Last(bytes) => (bytes, true),
        };
        self.fragments.extend_from_slice(&bytes);
        if !is_last {
            return Ok(Message::Fragment);
        }
        let bytes = std::mem::take(&mut self.fragments).freeze();
        if !self.is_text {
            return Ok(Message::Binary(bytes));
        }
        let text = ByteString::try_from(bytes).map_err(|_| Close::NotText)?;
        Ok(Message::Text(text))
    }
}

fn refuse(error: &ProtocolError) -> Close {
    let cause = match error {
        ProtocolError::Io(error) => error.get_ref(),
        ProtocolError::Overflow => return Close::FrameTooLarge,
        ProtocolError::UnmaskedFrame
        | ProtocolError::MaskedFrame
        | ProtocolError::InvalidOpcode(_)
        | ProtocolError::InvalidLength(_)
        | ProtocolError::BadOpCode
        | ProtocolError::ContinuationNotStarted
        | ProtocolError::ContinuationStarted
        | ProtocolError::ContinuationFragment(_) => None,
    };
    let Some(cause) = cause else {
        return Close::Protocol(error.to_string());
    };
    if cause.is::<Utf8Error>() {
        return Close::NotText;
    }
    match cause.downcast_ref() {
        Some(PayloadError::Overflow) => Close::FrameTooLarge,
        // The connection broke.
        Some(_) => Close::ByClient(None),
        None => Close::Protocol(error.to_string()),
    }
}

pub struct Outgoing {
    session: Session,
    waiting: Arc<Waiting>,
    blocked_since: Option<Instant>,
}

/// What the connection has not taken yet.
#[derive(Debug, Default)]
struct Waiting {
    weight: AtomicUsize,
    taken: Notify,
}

impl Waiting {
    fn add(&self, weight: usize) {
        self.weight.fetch_add(weight, Ordering::AcqRel);
    }

    fn take(&self, weight: usize) {
        self.weight.fetch_sub(weight, Ordering::AcqRel);
        self.taken.notify_waiters();
    }
}

impl Outgoing {
    pub fn has_room(&self) -> bool {
        self.waiting.weight.load(Ordering::Acquire) < MOST_WAITING
    }

    /// Waits until one more frame may be sent; then sending does not wait. Safe to drop while waiting: how long the
    /// client has taken nothing is remembered.
    pub async fn room(&mut self) -> Result<(), Close> {
        loop {
            let taken = self.waiting.taken.notified();
            tokio::pin!(taken);
            taken.as_mut().enable();
            if self.has_room() {
                self.blocked_since = None;
                return Ok(());
            }
            let since = *self.blocked_since.get_or_insert_with(Instant::now);
            timeout_at(since + SLOWEST_WRITE, taken)
                .await
                .map_err(|_| Close::TooSlow)?;
            // Something was taken: the client reads, however slowly.
            self.blocked_since = None;
        }
    }

    pub async fn text(&mut self, text: String) -> Result<(), Close> {
        let text = ByteString::try_from(self.counted(text.into_bytes()));
        let text = text.expect("it was text before");
        sent(self.session.text(text)).await
    }

    /// No protocol of ours has binary frames yet.
    #[cfg(test)]
    pub async fn binary(&mut self, bytes: Bytes) -> Result<(), Close> {
        let bytes = self.counted(bytes.into());
        sent(self.session.binary(bytes)).await
    }

    pub async fn pong(&mut self, bytes: &[u8]) -> Result<(), Close> {
        let pong = actix_ws::Message::Pong(self.counted(bytes.to_vec()));
        sent(self.session.send(pong)).await
    }

    /// Says goodbye, if there is somebody to hear it.
    pub async fn close(self, close: &Close) {
        let goodbye = self.session.close(close.reason());
        let _ = timeout(LONGEST_GOODBYE, goodbye).await;
    }

    fn counted(&self, bytes: Vec<u8>) -> Bytes {
        let counted = Counted {
            // It may have been written into twice the room that it needs.
            bytes: bytes.into_boxed_slice(),
            waiting: Arc::clone(&self.waiting),
        };
        self.waiting.add(counted.weight());
        Bytes::from_owner(counted)
    }
}

/// There is room, so it is done in one poll, whatever else the task has done in its turn: who sends may be dropped, and a
/// frame is not to be dropped with him.
async fn sent(writing: impl Future<Output = Result<(), actix_ws::Closed>>) -> Result<(), Close> {
    timeout(SLOWEST_WRITE, unconstrained(writing))
        .await
        .map_err(|_| Close::TooSlow)?
        .map_err(|_| Close::ByClient(None))
}

/// What is sent, in slices: a connection takes all of what it is given, however much it has still to write.
struct Sliced {
    body: BoxBody,
    /// Of what the frames became; it still waits.
    rest: Bytes,
    weight: usize,
    waiting: Arc<Waiting>,
}

impl MessageBody for Sliced {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_next(context)) {
                Some(Ok(bytes)) => self.rest = bytes,
                ended => return Poll::Ready(ended),
            }
            // Its memory is all there until its last byte is gone.
            self.weight = self.rest.len();
            self.waiting.add(self.weight);
        }
        let length = self.rest.len().min(SLICE);
        let slice = self.rest.split_to(length);
        if self.rest.is_empty() {
            self.waiting.take(self.weight);
        }
        Poll::Ready(Some(Ok(slice)))
    }
}

/// A frame that says when it has become bytes to be sent.
struct Counted {
    bytes: Box<[u8]>,
    waiting: Arc<Waiting>,
}

impl Counted {
    fn weight(&self) -> usize {
        self.bytes.len() + FRAME_WEIGHT
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.waiting.take(self.weight());
    }
}
