//! What comes in is looked at before it is gathered: a frame is kept until it is whole, so one that is too large has to
//! be refused by its header.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::dev;
use actix_web::error::PayloadError;
use actix_web::web::{Bytes, Payload};
use actix_web::{FromRequest, HttpRequest};
use futures_util::Stream;

/// The same bytes, up to a message that is too large: there it fails with [`PayloadError::Overflow`]. `first` bytes may
/// be in the first one, and `most` in any other.
pub fn guarded(request: &HttpRequest, payload: Payload, first: usize, most: usize) -> Payload {
    let guard = Guard {
        payload,
        frames: Frames::new(first, most),
    };
    let mut guarded: dev::Payload = dev::Payload::Stream {
        payload: Box::pin(guard),
    };
    Payload::from_request(request, &mut guarded)
        .into_inner()
        .expect("a payload is always there to be taken")
}

struct Guard {
    payload: Payload,
    frames: Frames,
}

impl Stream for Guard {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let bytes = ready!(Pin::new(&mut self.payload).poll_next(context));
        Poll::Ready(bytes.map(|bytes| {
            let bytes = bytes?;
            self.frames.pass(&bytes)?;
            Ok(bytes)
        }))
    }
}

/// Follows frames from header to header. What is wrong with them otherwise is for others to say.
#[derive(Debug)]
struct Frames {
    /// Bytes that the message may have whose frames are coming, or come next.
    most_now: u64,
    most: u64,
    header: Vec<u8>,
    /// Bytes up to the next header.
    left: u64,
    /// Bytes of the message whose frames are coming.
    message: u64,
}

impl Frames {
    fn new(first: usize, most: usize) -> Self {
        Self {
            most_now: first as u64,
            most: most as u64,
            header: Vec::new(),
            left: 0,
            message: 0,
        }
    }

    fn pass(&mut self, mut bytes: &[u8]) -> Result<(), PayloadError> {
        while let Some((first, rest)) = bytes.split_first() {
            if self.left > 0 {
                let skipped = bytes.len().min(self.left.try_into().unwrap_or(usize::MAX));
                self.left -= skipped as u64;
                bytes = &bytes[skipped..];
                continue;
            }
            bytes = rest;
            self.header.push(*first);
            if let Some(length) = length(&self.header) {
                self.start(length)?;
            }
        }
        Ok(())
    }

    fn start(&mut self, length: u64) -> Result<(), PayloadError> {
        let (is_last, opcode) = (self.header[0] & 0x80 != 0, self.header[0] & 0x0f);
        let is_masked = self.header[1] & 0x80 != 0;
        self.header.clear();
        let is_control = opcode >= 8;
        let before = if is_control { 0 } else { self.message };
        let whole = before.saturating_add(length);
        if whole > self.most_now {
            return Err(PayloadError::Overflow);
        }
        if !is_control && is_last {
            self.message = 0;
            self.most_now = self.most;
        } else if !is_control {
            self.message = whole;
        }
        self.left = length + if is_masked { 4 } else { 0 };
        Ok(())
    }
}

/// Of the frame's payload; `None`: the header goes on.
fn length(header: &[u8]) -> Option<u64> {
    let (start, rest) = header.split_first_chunk::<2>()?;
    match start[1] & 0x7f {
        126 => rest
            .try_into()
            .ok()
            .map(|length| u16::from_be_bytes(length).into()),
        127 => rest.try_into().ok().map(u64::from_be_bytes),
        length => Some(length.into()),
    }
}
