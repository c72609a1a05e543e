//! RFC 6455, byte for byte.

use std::fmt;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

pub const CONTINUATION: u8 = 0;
pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame of a client.
#[derive(Debug, Clone)]
pub struct Sent {
    first: u8,
    is_masked: bool,
    length: Length,
    payload: Vec<u8>,
}

/// How a frame's length is written.
#[derive(Debug, Clone, Copy)]
enum Length {
    /// As short as it can be.
    True,
    /// In eight bytes, whatever it is in truth.
    Claimed(u64),
}

impl Sent {
    pub fn new(opcode: u8, payload: impl AsRef<[u8]>) -> Self {
        Self {
            first: 0x80 | opcode,
            is_masked: true,
            length: Length::True,
            payload: payload.as_ref().to_vec(),
        }
    }

    /// More of the message follows.
    pub fn part(opcode: u8, payload: impl AsRef<[u8]>) -> Self {
        let mut part = Self::new(opcode, payload);
        part.first = opcode;
        part
    }

    pub fn close(code: u16, reason: impl AsRef<[u8]>) -> Self {
        Self::new(CLOSE, [&code.to_be_bytes(), reason.as_ref()].concat())
    }

    pub fn reserved(mut self, bits: u8) -> Self {
        self.first |= bits << 4;
        self
    }

    pub fn unmasked(mut self) -> Self {
        self.is_masked = false;
        self
    }

    pub fn claiming(mut self, length: u64) -> Self {
        self.length = Length::Claimed(length);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mask_bit = if self.is_masked { 0x80 } else { 0 };
        let mut bytes = vec![self.first];
        let length = self.payload.len();
        match (self.length, length) {
            (Length::Claimed(length), _) => {
                bytes.push(mask_bit | 0x7f);
                bytes.extend(length.to_be_bytes());
            }
            (Length::True, 0..=125) => bytes.push(mask_bit | length.to_le_bytes()[0]),
            (Length::True, 126..=0xffff) => {
                bytes.push(mask_bit | 0x7e);
                bytes.extend(&length.to_be_bytes()[6..]);
            }
            (Length::True, _) => {
                bytes.push(mask_bit | 0x7f);
                bytes.extend(length.to_be_bytes());
            }
        }
        if self.is_masked {
            bytes.extend(MASK);
            let masked = self.payload.iter().zip(MASK.iter().cycle());
            bytes.extend(masked.map(|(byte, mask)| byte ^ mask));
        } else {
            bytes.extend(&self.payload);
        }
        bytes
    }
}

/// A frame of the server, each of which must be whole and well-formed.
#[derive(Clone, PartialEq, Eq)]
pub enum Heard {
    Text(String),
    Binary(Vec<u8>),
    Pong(Vec<u8>),
    Close(Goodbye),
}

#[derive(Clone, PartialEq, Eq)]
pub struct Goodbye(pub Vec<u8>);

impl Goodbye {
    pub fn code(&self) -> Option<u16> {
        self.0.first_chunk().copied().map(u16::from_be_bytes)
    }
}

impl fmt::Debug for Heard {
    /// Short enough for a failure to be read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, bytes) = match self {
            Self::Text(text) => ("text", text.as_bytes()),
            Self::Binary(bytes) => ("binary", bytes.as_slice()),
            Self::Pong(bytes) => ("pong", bytes.as_slice()),
            Self::Close(close) => return write!(f, "close {:?}", close.code()),
        };
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(20)]).into_owned();
        write!(f, "{kind} of {} bytes {shown:?}", bytes.len())
    }
}

pub fn text(text: &str) -> Heard {
    Heard::Text(text.to_owned())
}

pub fn pong(bytes: impl AsRef<[u8]>) -> Heard {
    Heard::Pong(bytes.as_ref().to_vec())
}

/// A goodbye is answered by the same.
pub fn goodbye() -> (Sent, Heard) {
    let close = Sent::close(1000, "");
    let answer = Heard::Close(Goodbye(close.payload.clone()));
    (close, answer)
}

pub struct Client(TcpStream);

impl Client {
    /// A connection that is upgraded.
    pub async fn connect(port: u16) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "));
        Self(stream)
    }

    pub fn split(self) -> (Reader, Writer) {
        let (read, write) = self.0.into_split();
        (Reader(BufReader::new(read)), Writer(write))
    }
}

pub struct Writer(OwnedWriteHalf);

impl Writer {
    pub async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes).await
    }
}

pub struct Reader(BufReader<OwnedReadHalf>);

impl Reader {
    pub async fn until_the_end(&mut self) -> Vec<Heard> {
        let mut heard = Vec::new();
        while let Some(frame) = self.frame().await {
            assert!(
                !matches!(heard.last(), Some(Heard::Close(_))),
                "said after goodbye: {frame:?}"
            );
            heard.push(frame);
        }
        heard
    }

    /// `None`: the connection has ended.
    pub async fn frame(&mut self) -> Option<Heard> {
        let first = self.0.read_u8().await.ok()?;
        let second = self.0.read_u8().await.ok()?;
        assert!(second & 0x80 == 0, "a server masks nothing");
        let length = match second {
            126 => self.0.read_u16().await.ok()?.into(),
            127 => self.0.read_u64().await.ok()?,
            length => u64::from(length),
        };
        let mut payload = vec![0; length.try_into().unwrap()];
        self.0.read_exact(&mut payload).await.ok()?;
        Some(match first {
            0x81 => Heard::Text(String::from_utf8(payload).unwrap()),
            0x82 => Heard::Binary(payload),
            0x8a => Heard::Pong(payload),
            0x88 => Heard::Close(Goodbye(payload)),
            other => panic!("a frame that begins with {other:#x}"),
        })
    }
}
