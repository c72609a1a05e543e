//! The chat socket.

mod acts;
mod credentials;
mod heartbeat;
mod limits;
mod opening;
mod sharing;
mod turns;
