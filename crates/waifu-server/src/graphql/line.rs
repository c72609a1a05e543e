//! What a subscription knows of the socket that it is told over.

use tokio::sync::watch;
use waifu_app::turns::hub::Watch;

/// One for each socket; clones are the same.
#[derive(Debug, Clone)]
pub struct Line {
    room: watch::Receiver<bool>,
    idle: watch::Sender<usize>,
}

/// A socket's side of a [`Line`].
#[derive(Debug)]
pub struct LineEnd {
    /// Whether nothing waits to be sent, and one more frame may be.
    pub room: watch::Sender<bool>,
    /// How many subscriptions have nothing more to tell before the server stops.
    pub idle: watch::Receiver<usize>,
}

/// Counts a subscription that has nothing more to tell, until it is dropped.
#[derive(Debug)]
pub struct Idle {
    count: watch::Sender<usize>,
}

impl Line {
    pub fn new() -> (Self, LineEnd) {
        let (room_sender, room) = watch::channel(false);
        let (idle, idle_receiver) = watch::channel(0);
        let end = LineEnd {
            room: room_sender,
            idle: idle_receiver,
        };
        (Self { room, idle }, end)
    }

    /// Waits until one more frame can be told. What is told is taken from a watch only then, and who reads slowly leaves
    /// nothing there but his place. False when nobody listens any more.
    pub async fn has_room(&mut self, watch: &mut Watch) -> bool {
        if !*self.room.borrow() {
            watch.let_go();
        }
        self.room.wait_for(|has_room| *has_room).await.is_ok()
    }

    pub fn idle(&self) -> Idle {
        self.idle.send_modify(|count| *count += 1);
        Idle {
            count: self.idle.clone(),
        }
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        self.count.send_modify(|count| *count -= 1);
    }
}
