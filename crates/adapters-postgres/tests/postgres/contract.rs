//! The promises of the ports, on PostgreSQL.

use std::sync::Arc;

use adapters_postgres::{PostgresOptions, PostgresStore};
use waifu_testkit::contracts::StoreUnderTest;
use waifu_testkit::postgres::FreshDatabase;

async fn open() -> StoreUnderTest {
    let database = FreshDatabase::create().await;
    let store = PostgresStore::open(PostgresOptions::new(database.url()))
        .await
        .expect("the test's server is there");
    StoreUnderTest {
        store: Arc::new(store.clone()),
        turns: Arc::new(store),
        home: Box::new(database),
    }
}

waifu_testkit::store_contract!(open);
