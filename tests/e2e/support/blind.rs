//! A client of the chat socket that never reads: what it is told piles up on the way to it.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::sleep;

use super::rest::User;

const SMALLEST_BUFFER: u32 = 4_096;

#[derive(Debug)]
pub(crate) struct Blind {
    stream: TcpStream,
}

impl Blind {
    pub(crate) async fn open(user: &User, waifu: &str) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket
            .set_recv_buffer_size(SMALLEST_BUFFER)
            .expect("a small buffer");
        let address = user.door.address.strip_prefix("http://");
        let address = address.expect("plain http");
        let stream = socket.connect(address.parse().expect("an address")).await;
        let mut stream = stream.expect("a connection");
        let request = format!(
            "GET /ws/agents/{waifu}/chat HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {}\r\n\r\n",
            user.token
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 101");
        Self { stream }
    }

    /// Asks to be told again how a turn ended, so many times.
    pub(crate) async fn ask_for(&mut self, turn: &str, times: usize) {
        let asked = frame(&format!(r#"{{"type":"turn.sync","turn_id":"{turn}"}}"#));
        for _ in 0..times {
            self.stream.write_all(&asked).await.expect("it listens");
        }
    }

    /// Answers pings that it does not see, until it is hung up on.
    pub(crate) async fn answer_blindly(&mut self, every: Duration) {
        let pong = frame(r#"{"type":"pong"}"#);
        loop {
            sleep(every).await;
            if self.stream.write_all(&pong).await.is_err() {
                return;
            }
        }
    }
}

/// Masked by nothing, and shorter than 126 bytes.
fn frame(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("a short frame");
    assert!(length < 126);
    [&[0x81, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat()
}
