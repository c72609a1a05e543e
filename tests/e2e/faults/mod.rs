//! What can go wrong around the server, and what its users notice of it.

/// A test for each scenario, on PostgreSQL alone: a file of SQLite has room for one server, and no way to it that
/// could be cut.
macro_rules! on_postgres {
    ($($scenario:ident),* $(,)?) => {
        mod postgres_scripted {
            use crate::support::world::{Model, Store, play};

            $(
                #[tokio::test]
                async fn $scenario() {
                    play(Store::Postgres, Model::Scripted, super::$scenario).await;
                }
            )*
        }
    };
}

mod deaths;
mod draining;
mod floods;
mod kills;
mod outages;
mod provider;
mod provider_in_trouble;
mod two_servers;
