//! The ports of the supervisor in memory, for tests that decide what the outside does and when.

mod ambient;
mod language_model;
mod lossy_store;
mod memory;
mod memory_met;
mod memory_store;
mod memory_turn;
mod neighbours;
mod snapshot;

pub use ambient::{AlwaysHappy, CountingIds, SetClock};
pub use language_model::{FedModel, ModelCall};
pub use lossy_store::{LossyStore, Lost};
pub use memory_store::{Call, Fate, MemoryStore, Operation};
pub use neighbours::Street;
