//! PostgreSQL databases of a test's own.

use std::time::Duration;

use tokio_postgres::{Config, NoTls};
use uuid::Uuid;

use crate::builders::fresh;

/// The url of a maintenance database on a server where tests may create and drop databases.
const SERVER: &str = "WAIFU_TEST_POSTGRES_URL";
/// A server that is gone must not keep a finished test.
const DROP_WITHIN: Duration = Duration::from_secs(10);

/// An empty database, dropped with this value.
#[derive(Debug)]
pub struct FreshDatabase {
    server: String,
    name: String,
}

impl FreshDatabase {
    /// # Panics
    ///
    /// Without a server that would let us.
    pub async fn create() -> Self {
        let server = server();
        let name = format!("test_{}", fresh::<Uuid>().simple());
        run(&server, &format!("create database {name}"))
            .await
            .unwrap_or_else(|error| panic!("failed to create a database at {SERVER}: {error}"));
        Self { server, name }
    }

    /// For the application, and for whatever else reads the urls of tokio-postgres.
    pub fn url(&self) -> String {
        let (scheme, rest) = self.server.split_once("://").expect("checked when made");
        let (place, parameters) = match rest.split_once('?') {
            Some((place, parameters)) => (place, format!("?{parameters}")),
            None => (rest, String::new()),
        };
        let host = place.split_once('/').map_or(place, |(host, _)| host);
        format!("{scheme}://{host}/{}{parameters}", self.name)
    }
}

impl Drop for FreshDatabase {
    /// Best effort: what is left behind goes with the server.
    fn drop(&mut self) {
        let server = self.server.clone();
        let sql = format!("drop database if exists {} with (force)", self.name);
        // A runtime of its own: we may be inside of another that is about to end.
        let helper = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let _ = tokio::time::timeout(DROP_WITHIN, run(&server, &sql)).await;
            });
            Ok::<(), std::io::Error>(())
        });
        let _ = helper.join();
    }
}

async fn run(server: &str, sql: &str) -> Result<(), tokio_postgres::Error> {
    let mut config: Config = server.parse()?;
    config.connect_timeout(DROP_WITHIN);
    let (client, connection) = config.connect(NoTls).await?;
    let connection = tokio::spawn(connection);
    let outcome = client.batch_execute(sql).await;
    drop(client);
    let _ = connection.await;
    outcome
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no settings; this is where they are told their server"
)]
fn server() -> String {
    let Ok(url) = std::env::var(SERVER) else {
        panic!("run `cargo xtask test`, which starts one, or set {SERVER}");
    };
    assert!(url.contains("://"), "{SERVER} must be a url, is {url}");
    url
}

#[cfg(test)]
mod tests {
    use super::FreshDatabase;

    #[test]
    fn a_url_names_the_fresh_database_wherever_the_server_is() {
        for (server, url) in [
            (
                "postgres://a@%2Ftmp%2Fx:5432/postgres",
                "postgres://a@%2Ftmp%2Fx:5432/fresh",
            ),
            (
                "postgres:///postgres?host=/tmp/x",
                "postgres:///fresh?host=/tmp/x",
            ),
            ("postgresql://localhost", "postgresql://localhost/fresh"),
        ] {
            let database = std::mem::ManuallyDrop::new(FreshDatabase {
                server: server.to_owned(),
                name: "fresh".to_owned(),
            });
            assert_eq!(database.url(), url);
        }
    }
}
