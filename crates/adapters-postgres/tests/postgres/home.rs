//! Where the tests of this adapter alone live.

use std::time::{Duration, Instant};

use adapters_postgres::{PostgresOptions, PostgresStore};
use tokio_postgres::{Client, NoTls};
use waifu_app::ports::store::{Store, StoreError};
use waifu_app::ports::turn_store::NewTurn;
use waifu_domain::relationship::Pair;
use waifu_domain::user::User;
use waifu_testkit::builders::{fresh, moment, new_turn_at, new_user, user, waifu};
use waifu_testkit::postgres::FreshDatabase;

/// Longer than anything here takes, and shorter than any limit of a statement.
pub(crate) const SOON: Duration = Duration::from_secs(2);

/// A store, and a look at its database from outside.
pub(crate) struct Home {
    pub(crate) store: PostgresStore,
    /// A second door, beside the pool.
    pub(crate) outside: Client,
    /// Dropped last.
    _database: FreshDatabase,
}

impl Home {
    pub(crate) async fn with(change: impl FnOnce(&mut PostgresOptions)) -> Self {
        let database = FreshDatabase::create().await;
        let mut options = PostgresOptions::new(database.url());
        change(&mut options);
        let store = PostgresStore::open(options)
            .await
            .expect("the test's server is there");
        Self {
            store,
            outside: connect(&database).await,
            _database: database,
        }
    }

    pub(crate) async fn with_pool_of_one() -> Self {
        Self::with(|options| {
            options.pool_size = 1;
            options.wait = Duration::from_secs(5);
        })
        .await
    }

    pub(crate) async fn add_user(&self, name: &str) -> Result<User, StoreError> {
        let user = user(name);
        let mut work = self.store.begin().await?;
        let added = work.users().insert(new_user(user.clone())).await?;
        added.expect("the name is free");
        work.commit().await?;
        Ok(user)
    }

    pub(crate) async fn meet(&self) -> Result<NewTurn, StoreError> {
        let user = self.add_user("ada").await?;
        let waifu = waifu();
        let mut work = self.store.begin().await?;
        assert_eq!(work.waifus().insert(&waifu).await?, Ok(()));
        work.commit().await?;
        let pair = Pair {
            user_id: user.id,
            waifu_id: waifu.id,
        };
        Ok(new_turn_at(pair, fresh(), "hello", moment(0)))
    }

    /// Sessions of the pool that this condition holds of.
    pub(crate) async fn sessions(&self, condition: &str) -> i64 {
        let sql = format!(
            "select count(*) from pg_stat_activity where datname = current_database() \
             and application_name = 'waifu-server' and {condition}"
        );
        let row = self.outside.query_one(&sql, &[]).await;
        row.expect("the test's server is there").get(0)
    }

    pub(crate) async fn until(&self, condition: &str, sessions: i64) {
        let start = Instant::now();
        while self.sessions(condition).await != sessions {
            assert!(start.elapsed() < SOON, "never {sessions} where {condition}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) async fn terminate_the_pool(&self) {
        let sql = "select pg_terminate_backend(pid) from pg_stat_activity \
             where datname = current_database() and application_name = 'waifu-server'";
        self.outside
            .batch_execute(sql)
            .await
            .expect("the test's server is there");
    }
}

pub(crate) async fn connect(database: &FreshDatabase) -> Client {
    let (client, connection) = tokio_postgres::connect(&database.url(), NoTls)
        .await
        .expect("the test's server is there");
    tokio::spawn(connection);
    client
}
