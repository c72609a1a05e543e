//! The life of a turn under a store, a model and a clock that the test holds. Time is paused: what "takes" two
//! minutes here takes none.

mod beginning;
mod draining;
mod heartbeats;
mod limits;
mod reacting;
mod reaping;
mod replies;
mod settling;
mod waiting;
mod world;
