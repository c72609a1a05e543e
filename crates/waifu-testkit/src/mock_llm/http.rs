//! As much of HTTP/1.1 as the mock needs: requests with a `Content-Length`, answers with or without chunks.

use std::io::{Error, ErrorKind};

use tokio::net::TcpStream;

const LARGEST_HEAD: usize = 64 * 1024;
const LARGEST_BODY: usize = 8 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) authorization: Option<String>,
    pub(super) body: Vec<u8>,
}

/// One client's connection, and what it has sent that nobody has looked at yet.
#[derive(Debug)]
pub(super) struct Connection {
    socket: TcpStream,
    unread: Vec<u8>,
}

impl Connection {
    pub(super) fn new(socket: TcpStream) -> Self {
        Self {
            socket,
            unread: Vec::new(),
        }
    }

    /// The next request; `None` when the client closes the connection instead.
    pub(super) async fn request(&mut self) -> Result<Option<Request>, Error> {
        let head_length = loop {
            if let Some(at) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if self.unread.len() > LARGEST_HEAD {
                return Err(ErrorKind::InvalidData.into());
            }
            if self.receive().await? == 0 {
                return Ok(None);
            }
        };
        let head = String::from_utf8_lossy(&self.unread[..head_length]).into_owned();
        self.unread.drain(..head_length);
        let header = |name: &str| {
            head.lines()
                .skip(1)
                .filter_map(|line| line.split_once(':'))
                .find(|(found, _)| found.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim().to_owned())
        };
        let length = header("content-length").map_or(Ok(0), |value| value.parse());
        let length: usize = length.map_err(|_| ErrorKind::InvalidData)?;
        if length > LARGEST_BODY {
            return Err(ErrorKind::InvalidData.into());
        }
        while self.unread.len() < length {
            if self.receive().await? == 0 {
                return Ok(None);
            }
        }
        let body = self.unread.drain(..length).collect();
        let mut first = head.split_whitespace();
        Ok(Some(Request {
            method: first.next().unwrap_or_default().to_owned(),
            path: first.next().unwrap_or_default().to_owned(),
            authorization: header("authorization"),
            body,
        }))
    }

    pub(super) async fn send(&self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            self.socket.writable().await?;
            match self.socket.try_write(bytes) {
                Ok(sent) => bytes = &bytes[sent..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// One piece of a body that is sent with `Transfer-Encoding: chunked`.
    pub(super) async fn send_chunk(&self, bytes: &[u8]) -> Result<(), Error> {
        let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
        chunk.extend_from_slice(bytes);
        chunk.extend_from_slice(b"\r\n");
        self.send(&chunk).await
    }

    /// Comes back when the client has closed its side. A client that waits for an answer sends nothing.
    pub(super) async fn closed(&self) {
        let mut scratch = [0; 64];
        loop {
            if self.socket.readable().await.is_err() {
                return;
            }
            match self.socket.try_read(&mut scratch) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }

    async fn receive(&mut self) -> Result<usize, Error> {
        let mut piece = vec![0; 16 * 1024];
        loop {
            self.socket.readable().await?;
            match self.socket.try_read(&mut piece) {
                Ok(length) => {
                    self.unread.extend_from_slice(&piece[..length]);
                    return Ok(length);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}
