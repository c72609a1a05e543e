//! HTTP/1.1 with as little work as it can be done with: one connection, one request after another.

use std::io::ErrorKind;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::body::{Body, Framing};

const READ_AT_ONCE: usize = 16 * 1024;
const LARGEST_HEAD: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Connection {
    socket: TcpStream,
    unread: Vec<u8>,
}

/// The beginning of a response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) is_event_stream: bool,
    framing: Framing,
    closes: bool,
}

/// Who wants to hear a response as it comes.
pub(crate) trait Listener {
    fn begin(&mut self, head: Head);
    fn piece(&mut self, bytes: &[u8]);
}

impl Connection {
    pub(crate) async fn open(address: &str) -> Result<Self> {
        let socket = TcpStream::connect(address)
            .await
            .context("failed to connect")?;
        socket.set_nodelay(true).context("failed to connect")?;
        Ok(Self {
            socket,
            unread: Vec::with_capacity(READ_AT_ONCE),
        })
    }

    /// Whether the server has kept it open while nobody used it.
    pub(crate) fn is_open(&self) -> bool {
        let nothing_came = self.socket.try_read(&mut [0; 1]);
        matches!(nothing_came, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// Sends a request and hears the response to its end; tells whether the connection can be used again.
    pub(crate) async fn exchange(
        &mut self,
        request: &[u8],
        listener: &mut impl Listener,
    ) -> Result<bool> {
        self.socket
            .write_all(request)
            .await
            .context("failed to send")?;
        let head = self.head().await?;
        listener.begin(head);
        let mut body = Body::new(head.framing);
        loop {
            let read = body.read(&self.unread, |piece| listener.piece(piece))?;
            self.unread.drain(..read);
            if body.is_over() {
                return Ok(!head.closes);
            }
            if !self.receive().await? {
                ensure!(
                    head.framing == Framing::UntilItCloses,
                    "the response was cut"
                );
                return Ok(false);
            }
        }
    }

    async fn head(&mut self) -> Result<Head> {
        loop {
            if let Some(length) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = Head::read(&String::from_utf8_lossy(&self.unread[..length]));
                self.unread.drain(..length + 4);
                return head;
            }
            ensure!(
                self.unread.len() < LARGEST_HEAD,
                "the response has no end of its head"
            );
            if !self.receive().await? {
                bail!("the connection was closed without a response");
            }
        }
    }

    async fn receive(&mut self) -> Result<bool> {
        self.unread.reserve(READ_AT_ONCE);
        let received = self.socket.read_buf(&mut self.unread).await;
        Ok(received.context("failed to receive")? > 0)
    }
}

impl Head {
    fn read(text: &str) -> Result<Self> {
        let mut lines = text.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let mut head = Self {
            status: status.context("the response is not HTTP")?,
            is_event_stream: false,
            framing: Framing::UntilItCloses,
            closes: false,
        };
        for line in lines {
            let (name, value) = line.split_once(':').unwrap_or_default();
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                head.framing =
                    Framing::Length(value.parse().context("the response has no length")?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                head.framing = Framing::Chunks;
            } else if name.eq_ignore_ascii_case("content-type") {
                head.is_event_stream = value.starts_with("text/event-stream");
            } else if name.eq_ignore_ascii_case("connection") {
                head.closes = value.eq_ignore_ascii_case("close");
            }
        }
        Ok(head)
    }
}

#[cfg(test)]
mod tests {
    use super::{Framing, Head};

    #[test]
    fn a_head_tells_what_follows_it() {
        let head = Head::read(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\
             transfer-encoding: chunked\r\nConnection: close",
        )
        .unwrap();
        assert_eq!(
            (head.status, head.is_event_stream, head.closes),
            (200, true, true)
        );
        assert_eq!(head.framing, Framing::Chunks);
        let head = Head::read("HTTP/1.1 409 Conflict\r\nContent-Length: 17").unwrap();
        assert_eq!(
            (head.status, head.is_event_stream, head.closes),
            (409, false, false)
        );
        assert_eq!(head.framing, Framing::Length(17));
        Head::read("SMTP").unwrap_err();
    }
}
