//! The life of a turn under a store, a model and a clock that the test holds. Time is paused: what "takes" two
//! minutes here takes none.

mod accepting;
mod again;
mod awaiting;
mod beginning;
mod budgets;
mod cancelling;
mod crowd;
mod desk;
mod doors;
mod draining;
mod following;
mod forgetting;
mod heartbeats;
mod latch;
mod limits;
mod model;
mod neighbours;
mod reacting;
mod reaping;
mod replies;
mod retries;
mod scribe;
mod second_runs;
mod settling;
mod waiting;
mod watcher;
mod watching;
mod words;
mod world;
