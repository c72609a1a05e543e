//! The promises between servers, on PostgreSQL.

use std::sync::Arc;

use adapters_postgres::{PostgresNeighbours, PostgresOptions, PostgresStore};
use async_trait::async_trait;
use waifu_testkit::contracts::neighbours::{Ground, StreetUnderTest};
use waifu_testkit::postgres::FreshDatabase;

use crate::home::connect;

#[derive(Debug)]
struct SharedDatabase(FreshDatabase);

#[async_trait]
impl Ground for SharedDatabase {
    async fn break_connections(&self) {
        let sql = "select pg_terminate_backend(pid) from pg_stat_activity \
             where datname = current_database() and application_name = 'waifu-server'";
        let killed = connect(&self.0).await.batch_execute(sql).await;
        killed.expect("the test's server is there");
    }
}

async fn open() -> StreetUnderTest {
    let database = FreshDatabase::create().await;
    let (one, other) = (server(&database).await, server(&database).await);
    StreetUnderTest {
        one: Arc::new(one),
        other: Arc::new(other),
        ground: Box::new(SharedDatabase(database)),
    }
}

async fn server(database: &FreshDatabase) -> PostgresNeighbours {
    let store = PostgresStore::open(PostgresOptions::new(database.url())).await;
    let store = store.expect("the test's server is there");
    store.neighbours().expect("the URL was good for the store")
}

waifu_testkit::neighbours_contract!(open);
