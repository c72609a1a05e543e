//! The chat socket.

mod credentials;
mod heartbeat;
mod limits;
mod opening;
mod sharing;
mod turns;
