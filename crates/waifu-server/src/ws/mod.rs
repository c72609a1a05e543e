//! The chat socket, `waifu.chat.v1`: one socket serves one relationship.

mod close;
mod frames;
mod inbound;
mod outbound;
mod session;
mod upgrade;
mod watching;

pub use upgrade::upgrade;
