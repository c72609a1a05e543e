//! The chat socket, `waifu.chat.v1`: one socket serves one relationship.

mod close;
mod frames;
mod inbound;
mod outbound;
mod session;
mod upgrade;

pub use upgrade::upgrade;
