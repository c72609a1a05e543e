//! Every promise of the store ports, held against SQLite.

use std::sync::Arc;
use std::time::Duration;

use adapters_sqlite::{SqliteOptions, SqliteStore};
use waifu_testkit::contracts::StoreUnderTest;

waifu_testkit::store_contract!(open);

async fn open() -> StoreUnderTest {
    let home = tempfile::tempdir().expect("a folder for the store");
    let options = SqliteOptions {
        // Dozens wait for one writer here, each for a commit of his own: a busy disk must not fail a promise
        // that is about something else.
        patience: Duration::from_mins(1),
        ..SqliteOptions::new(home.path().join("waifu.db"))
    };
    let store = SqliteStore::open(&options).expect("the store opens");
    StoreUnderTest {
        store: Arc::new(store.clone()),
        turns: Arc::new(store),
        home: Box::new(home),
    }
}
