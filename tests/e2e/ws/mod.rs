//! The chat socket.

mod acts;
mod admission;
mod credentials;
mod cuts;
mod devices;
mod heartbeat;
mod limits;
pub(crate) mod model;
mod opening;
mod pace;
mod resume;
mod sharing;
mod stopping_her;
mod turns;
