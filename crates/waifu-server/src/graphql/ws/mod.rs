//! `graphql-transport-ws` on this server's own transport: juniper keeps the operations, and everything that a client can
//! make large, many or slow is bounded here.

mod inbound;
mod operations;
mod session;
mod upgrade;

pub use upgrade::upgrade;
