//! Connections: how they are set up, how long one is waited for, and how one that was left in the middle of
//! something is kept from its next user.

use std::time::Duration;

use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{
    AnsiTransactionManager, AsyncPgConnection, SimpleAsyncConnection, TransactionManager,
};
use futures_util::FutureExt;
use tokio_postgres::{Config, NoTls};

use waifu_app::log::chain;

use crate::errors::Fault;

/// A server that says nothing for so long is taken for dead, even if its machine never says so.
const SILENT_FOR: Duration = Duration::from_secs(15);
/// Longer than any transaction of ours is idle; it ends those that a stuck process left open.
const IDLE_IN_TRANSACTION_MS: u32 = 10_000;
/// To tell the server to stop a statement that nobody waits for is a courtesy, with an end.
const CANCEL_WITHIN: Duration = Duration::from_secs(5);

/// Where the database is, and how much of it may be used.
#[derive(Clone)]
pub struct PostgresOptions {
    /// `postgres://user@host:port/database`; a unix socket's folder is percent-encoded as the host.
    pub url: String,
    /// Connections; a few more than the server has cores are fastest.
    pub pool_size: usize,
    /// After so long without a free connection a call fails as unavailable.
    pub wait: Duration,
    /// After so long the server ends a statement, one that waits for a lock too.
    pub statement_limit: Duration,
}

impl PostgresOptions {
    /// Eight connections, ten seconds' wait for one, ten seconds a statement.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            pool_size: 8,
            wait: Duration::from_secs(10),
            statement_limit: Duration::from_secs(10),
        }
    }

    pub(crate) fn config(&self) -> Result<Config, Fault> {
        let mut config: Config = self
            .url
            .parse()
            .map_err(|error: tokio_postgres::Error| Fault::BadUrl(error.into()))?;
        let settings = format!(
            "{} -c random_page_cost=1.1 -c plan_cache_mode=force_generic_plan -c jit=off \
             -c statement_timeout={} \
             -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS}",
            config.get_options().unwrap_or_default(),
            self.statement_limit.as_millis(),
        );
        config
            .options(settings)
            .connect_timeout(self.wait)
            .keepalives_idle(SILENT_FOR)
            .tcp_user_timeout(SILENT_FOR);
        if config.get_application_name().is_none() {
            config.application_name("waifu-server");
        }
        Ok(config)
    }
}

impl std::fmt::Debug for PostgresOptions {
    /// Without the url, which may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("pool_size", &self.pool_size)
            .field("wait", &self.wait)
            .field("statement_limit", &self.statement_limit)
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
pub(crate) struct Connections {
    pool: Pool<AsyncPgConnection>,
    wait: Duration,
}

impl Connections {
    pub(crate) fn new(options: &PostgresOptions) -> Result<Self, Fault> {
        let config = options.config()?;
        // Connections are driven on the runtime that the store was opened on, whichever thread asks for one: no
        // worker of a door that is busy or stopped may hold up a connection that others use.
        let runtime = tokio::runtime::Handle::current();
        let mut manager = ManagerConfig::default();
        // A look at the socket, without asking the server.
        manager.recycling_method = RecyclingMethod::Fast;
        manager.custom_setup = Box::new(move |_| {
            let config = config.clone();
            let opening = runtime.spawn(async move { connect(&config).await });
            async move {
                opening.await.unwrap_or_else(|error| {
                    Err(diesel::ConnectionError::BadConnection(error.to_string()))
                })
            }
            .boxed()
        });
        let manager = AsyncDieselConnectionManager::new_with_config(&options.url, manager);
        let pool = Pool::builder(manager)
            .max_size(options.pool_size)
            .build()
            .map_err(|error| Fault::NoConnection(error.into()))?;
        Ok(Self {
            pool,
            wait: options.wait,
        })
    }

    /// One connection outside of any transaction.
    pub(crate) async fn hold(&self) -> Result<Held, Fault> {
        let object = tokio::time::timeout(self.wait, self.pool.get())
            .await
            .map_err(|elapsed| Fault::NoConnection(elapsed.into()))??;
        Ok(Held(Some(object)))
    }

    pub(crate) async fn begin(&self) -> Result<Transaction, Fault> {
        self.begin_with("begin").await
    }

    /// One picture of the whole database, in which nothing can be written.
    pub(crate) async fn snapshot(&self) -> Result<Transaction, Fault> {
        self.begin_with("begin transaction isolation level repeatable read, read only")
            .await
    }

    async fn begin_with(&self, sql: &str) -> Result<Transaction, Fault> {
        let mut held = self.hold().await?;
        AnsiTransactionManager::begin_transaction_sql(held.connection(), sql).await?;
        Ok(Transaction(held))
    }
}

impl std::fmt::Debug for Connections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connections")
            .field("pool", &self.pool.status())
            .field("wait", &self.wait)
            .finish()
    }
}

/// Opens one connection outside of the pool.
pub(crate) async fn connect(config: &Config) -> diesel::ConnectionResult<AsyncPgConnection> {
    let (client, connection) = config
        .connect(NoTls)
        .await
        .map_err(|error| diesel::ConnectionError::BadConnection(chain(&error)))?;
    AsyncPgConnection::try_from_client_and_connection(client, connection).await
}

/// A connection of the pool. Only [`Held::give_back`] returns it there: whoever is dropped in the middle of a
/// statement or a transaction takes it with him. The pool itself looks at a connection only when the next user
/// comes, and until then the locks of a forgotten transaction would be held.
pub(crate) struct Held(Option<Object<AsyncPgConnection>>);

impl Held {
    pub(crate) fn connection(&mut self) -> &mut AsyncPgConnection {
        self.0.as_mut().expect("held until given back")
    }

    pub(crate) fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(object) = self.0.take() else {
            return;
        };
        let connection = Object::take(object);
        let cancel = connection.cancel_token();
        // Closes the socket. A server that waits for a lock or computes would notice only when it is done.
        drop(connection);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let cancelled = tokio::time::timeout(CANCEL_WITHIN, cancel.cancel_query(NoTls));
                if !matches!(cancelled.await, Ok(Ok(()))) {
                    tracing::debug!("failed to cancel a statement that nobody waits for");
                }
            });
        }
    }
}

/// An open transaction. Dropped unfinished it closes its connection, which takes it back.
pub(crate) struct Transaction(Held);

impl Transaction {
    pub(crate) fn connection(&mut self) -> &mut AsyncPgConnection {
        self.0.connection()
    }

    /// Commits what went well and rolls back what did not.
    pub(crate) async fn finish<T>(self, outcome: Result<T, Fault>) -> Result<T, Fault> {
        if outcome.is_ok() {
            self.commit().await?;
        } else {
            // The error that we have says more than one of the rollback.
            let _ = self.roll_back().await;
        }
        outcome
    }

    pub(crate) async fn commit(mut self) -> Result<(), Fault> {
        AnsiTransactionManager::commit_transaction(self.connection()).await?;
        self.0.give_back();
        Ok(())
    }

    /// Commits, unless a statement has failed: to the `commit` that follows one PostgreSQL answers kindly, and
    /// rolls back.
    pub(crate) async fn commit_if_whole(mut self) -> Result<(), Fault> {
        self.connection().batch_execute("select").await?;
        self.commit().await
    }

    pub(crate) async fn roll_back(mut self) -> Result<(), Fault> {
        AnsiTransactionManager::rollback_transaction(self.connection()).await?;
        self.0.give_back();
        Ok(())
    }
}
