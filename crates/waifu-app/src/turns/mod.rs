//! The life of a turn: accepted in one commit, answered by a model while no connection is held, settled in
//! another. Runs belong to the supervisor; whoever asked may leave.

pub(crate) mod append;
mod budget;
mod ending;
pub(crate) mod forgetting;
mod heart;
pub mod hub;
mod limits;
pub mod news;
pub(crate) mod one_at_a_time;
mod provider;
mod reaper;
mod recorder;
mod registry;
mod scene;
mod stream;
mod supervisor;

pub use limits::TurnLimits;
pub use supervisor::{
    Begun, Done, Grant, Granter, NotBegun, Reaction, Started, Supervisor, SupervisorParts,
    TurnDraft,
};
