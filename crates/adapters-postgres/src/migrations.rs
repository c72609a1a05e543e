//! Brings a database up to date, one server at a time.

use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use tokio_postgres::Config;
use waifu_app::ports::language_model::BoxError;

use crate::connections::connect;
use crate::errors::Fault;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Servers that start at once wait for each other at this lock, for a minute at most; a migration itself may take
/// its time. The lock goes with the connection. The number is ours alone: "waifu" in ASCII.
const ONE_AT_A_TIME: &str = "set lock_timeout = '60s'; set statement_timeout = 0; \
     select pg_advisory_lock(512970613365)";

pub(crate) async fn apply(config: &Config) -> Result<(), Fault> {
    let mut connection = connect(config)
        .await
        .map_err(|error| Fault::NoConnection(error.into()))?;
    connection.batch_execute(ONE_AT_A_TIME).await?;
    // The harness blocks its thread.
    tokio::task::spawn_blocking(move || apply_on(connection))
        .await
        .map_err(|error| Fault::Migrations(error.into()))?
        .map_err(Fault::Migrations)
}

fn apply_on(connection: AsyncPgConnection) -> Result<(), BoxError> {
    let mut connection: AsyncConnectionWrapper<AsyncPgConnection> = connection.into();
    let applied = connection.run_pending_migrations(MIGRATIONS)?;
    for version in applied {
        tracing::info!(%version, "applied a migration");
    }
    Ok(())
}
