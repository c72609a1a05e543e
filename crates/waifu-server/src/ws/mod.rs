//! The chat socket, `waifu.chat.v1`: one socket serves one relationship.

mod inbound;
mod session;
mod upgrade;

pub use upgrade::upgrade;
