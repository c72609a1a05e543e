//! What a client is sent: one frame at a time, each within a bounded wait.

use std::time::Duration;

use actix_ws::Session;

use super::close::Close;
use super::frames::ServerFrame;

/// A client that takes no frame for so long is too slow.
const SLOWEST_WRITE: Duration = Duration::from_secs(10);
const LONGEST_GOODBYE: Duration = Duration::from_secs(1);

pub struct Writer {
    session: Session,
}

impl Writer {
    pub fn new(session: Session) -> Self {
        Self { session }
    }

    pub async fn send(&mut self, frame: impl Into<ServerFrame>) -> Result<(), Close> {
        let text = serde_json::to_string(&frame.into()).expect("frames are plain data");
        within(self.session.text(text)).await
    }

    pub async fn pong(&mut self, bytes: &[u8]) -> Result<(), Close> {
        within(self.session.pong(bytes)).await
    }

    /// Says goodbye, if there is somebody to hear it.
    pub async fn close(self, close: &Close) {
        let _ = tokio::time::timeout(LONGEST_GOODBYE, self.session.close(close.reason())).await;
    }
}

async fn within(write: impl Future<Output = Result<(), actix_ws::Closed>>) -> Result<(), Close> {
    match tokio::time::timeout(SLOWEST_WRITE, write).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Close::ByClient),
        Err(_) => Err(Close::TooSlow),
    }
}
