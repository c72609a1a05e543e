//! The promises of the ports, as tests that every adapter runs.

use std::any::Any;
use std::sync::Arc;

use waifu_app::ports::store::Store;
use waifu_app::ports::turn_store::TurnStore;

/// A fresh, migrated, empty store.
#[derive(Debug)]
pub struct StoreUnderTest {
    pub store: Arc<dyn Store>,
    pub turns: Arc<dyn TurnStore>,
    /// Dropped last: the folder or the database that the store lives in.
    pub home: Box<dyn Any + Send + Sync>,
}
