//! What scenarios are played with: worlds, servers in places of their own, and clients of each door.

#[macro_use]
pub(crate) mod world;
pub(crate) mod acts;
pub(crate) mod blind;
pub(crate) mod chance;
pub(crate) mod chat;
pub(crate) mod dump;
pub(crate) mod forged;
pub(crate) mod graphql_socket;
pub(crate) mod operators;
pub(crate) mod place;
pub(crate) mod program;
pub(crate) mod proxy;
pub(crate) mod rest;
pub(crate) mod server;
pub(crate) mod shape;
pub(crate) mod socket;
pub(crate) mod sse;
pub(crate) mod survivor;
pub(crate) mod way;

use uuid::Uuid;
use waifu_testkit::builders::fresh;

/// An id that nothing has.
pub(crate) fn new_id() -> String {
    fresh::<Uuid>().to_string()
}
