//! The life of a turn: accepted in one commit, answered by a model while no connection is held, settled in
//! another. Runs belong to the supervisor; whoever asked may leave.

pub(crate) mod append;
mod ending;
pub mod frames;
mod heart;
pub mod in_process_fanout;
mod limits;
pub(crate) mod one_at_a_time;
mod reaper;
mod recorder;
mod registry;
mod stream;
mod supervisor;

pub use limits::TurnLimits;
pub use supervisor::{
    Begun, Grant, Granter, NotBegun, Reaction, Supervisor, SupervisorParts, TurnDraft,
};
