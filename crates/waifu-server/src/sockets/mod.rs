//! What every socket has in common, whatever is spoken on it: who may open one, how many, and how its bytes go.

pub mod admission;
pub mod attendance;
pub mod census;
pub mod close;
pub mod frame_rate;
mod guard;
#[cfg(test)]
mod protocol_tests;
pub mod transport;
