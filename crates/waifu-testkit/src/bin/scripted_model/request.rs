//! As much of an HTTP/1.1 request as a model needs: where it goes, and its body to the last byte.

use std::io::{Error, ErrorKind};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LARGEST: usize = 16 * 1024 * 1024;
const READ_AT_ONCE: usize = 16 * 1024;

/// What a client has sent; the front of it is the request at hand.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    /// Where the request at hand ends.
    end: usize,
}

#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: &'a str,
}

impl Inbox {
    /// The next request; `None` when the client closes the connection instead.
    pub(crate) async fn next(
        &mut self,
        socket: &mut TcpStream,
    ) -> Result<Option<Request<'_>>, Error> {
        self.bytes.drain(..self.end);
        self.end = 0;
        let head = loop {
            if let Some(at) = self.bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break at;
            }
            if !self.receive(socket).await? {
                return Ok(None);
            }
        };
        let Head {
            length,
            expects_continue,
        } = Head::read(text(&self.bytes[..head])?)?;
        if expects_continue {
            socket.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        let body = head + 4;
        while self.bytes.len() < body + length {
            if !self.receive(socket).await? {
                return Ok(None);
            }
        }
        self.end = body + length;
        let mut words = text(&self.bytes[..head])?.split(' ');
        Ok(Some(Request {
            method: words.next().unwrap_or_default(),
            path: words.next().unwrap_or_default(),
            body: text(&self.bytes[body..self.end])?,
        }))
    }

    async fn receive(&mut self, socket: &mut TcpStream) -> Result<bool, Error> {
        if self.bytes.len() > LARGEST {
            return Err(ErrorKind::InvalidData.into());
        }
        self.bytes.reserve(READ_AT_ONCE);
        Ok(socket.read_buf(&mut self.bytes).await? > 0)
    }
}

impl Request<'_> {
    /// The value of a top-level field of text. A quote inside of a text is escaped, so the key is never found there.
    pub(crate) fn text_field(&self, name: &str) -> Option<&str> {
        self.after(name)?.strip_prefix('"')?.split('"').next()
    }

    pub(crate) fn wants_a_stream(&self) -> bool {
        self.after("stream")
            .is_some_and(|value| value.starts_with("true"))
    }

    fn after(&self, name: &str) -> Option<&str> {
        let key = format!("\"{name}\"");
        let (_, rest) = self.body.split_once(&key)?;
        Some(rest.trim_start().strip_prefix(':')?.trim_start())
    }
}

struct Head {
    length: usize,
    expects_continue: bool,
}

impl Head {
    fn read(text: &str) -> Result<Self, Error> {
        let mut head = Self {
            length: 0,
            expects_continue: false,
        };
        for line in text.lines().skip(1) {
            let (name, value) = line.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                head.length = value.trim().parse().map_err(|_| ErrorKind::InvalidData)?;
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                return Err(ErrorKind::Unsupported.into());
            } else if name.eq_ignore_ascii_case("expect") {
                head.expects_continue = true;
            }
        }
        Ok(head)
    }
}

fn text(bytes: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(bytes).map_err(|_| ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::{Head, Request};

    #[test]
    fn a_head_tells_the_length_of_the_body() {
        let head =
            Head::read("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\nExpect: x").unwrap();
        assert_eq!((head.length, head.expects_continue), (12, true));
        assert!(Head::read("POST / HTTP/1.1\r\nTransfer-Encoding: chunked").is_err());
        assert!(Head::read("POST / HTTP/1.1\r\nContent-Length: many").is_err());
    }

    #[test]
    fn fields_are_found_wherever_they_stand_and_not_in_what_was_said() {
        let request = Request {
            method: "POST",
            path: "/",
            body: r#"{"messages":[{"content":"\"model\":\"other\""}], "model" : "scripted", "stream":true}"#,
        };
        assert_eq!(request.text_field("model"), Some("scripted"));
        assert!(request.wants_a_stream());
        assert_eq!(request.text_field("absent"), None);
    }
}
