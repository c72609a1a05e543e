//! Other servers on the same database: who lives, and the doorbell between them.

mod ears;
mod listener;
mod payload;

use std::sync::Arc;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Interval, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::Duration;
use tokio::sync::Mutex;
use waifu_app::ports::neighbours::{Neighbours, Rung};
use waifu_app::ports::store::StoreError;
use waifu_domain::ids::ProcessId;
use waifu_domain::relationship::Pair;

use crate::connections::{Connections, PostgresOptions};
use crate::errors::Fault;
use crate::rows::runs::interval;
use crate::schema::processes;
use crate::sql::{Sql, binds};
use ears::Ears;
use listener::Listener;

/// Those who died in the last hour are kept: a process that only paused finds itself again. Two servers that clean up
/// at once do not wait for each other.
const GREET: &str = "
    with forgotten as (
        delete from processes
        where id in (
            select id from processes
            where lives_until < clock_timestamp() - interval '1 hour' and id <> $1
            for update skip locked
        )
    ), me as (
        insert into processes (id, lives_until) values ($1, clock_timestamp() + $2)
        on conflict (id) do update set lives_until = excluded.lives_until
    )
    select exists (
        select from processes where id <> $1 and lives_until > clock_timestamp()
    )";

const RING: &str =
    "select count(pg_notify('waifu_news', payload)) > 0 from unnest($1) as rings (payload)";

struct Greet;
struct Ring;

/// The doorbell of one process. Dropped, it hears no more.
#[derive(Debug)]
pub struct PostgresNeighbours {
    connections: Connections,
    ears: Arc<Ears>,
    listener: Listener,
    /// Commits that notify wait for each other in the server, so only one connection is spent on them.
    bell: Mutex<()>,
}

impl PostgresNeighbours {
    pub(crate) fn new(connections: Connections, options: &PostgresOptions) -> Result<Self, Fault> {
        let ears = Arc::new(Ears::default());
        Ok(Self {
            connections,
            listener: Listener::new(options.config()?, ears.clone()),
            ears,
            bell: Mutex::default(),
        })
    }

    async fn ring(&self, process: ProcessId, pairs: &[Pair]) -> Result<(), Fault> {
        if pairs.is_empty() {
            return Ok(());
        }
        let _one_at_a_time = self.bell.lock().await;
        let mut held = self.connections.hold().await?;
        let binds = binds!(payload::write(process, pairs) => Array<Text>);
        let _: bool = Sql::<Ring, _, Bool>::new(RING, binds)
            .get_result(held.connection())
            .await?;
        held.give_back();
        Ok(())
    }

    async fn leave(&self, process: ProcessId) -> Result<(), Fault> {
        self.ears.forget(process);
        let mut held = self.connections.hold().await?;
        diesel::delete(processes::table.find(process.as_uuid()))
            .execute(held.connection())
            .await?;
        held.give_back();
        Ok(())
    }
}

async fn greet(
    connection: &mut AsyncPgConnection,
    process: ProcessId,
    lease: Duration,
) -> Result<bool, Fault> {
    let binds = binds!(process.as_uuid() => SqlUuid, interval(lease) => Interval);
    let greeted = Sql::<Greet, _, Bool>::new(GREET, binds);
    Ok(greeted.get_result(connection).await?)
}

#[async_trait]
impl Neighbours for PostgresNeighbours {
    async fn greet(&self, process: ProcessId, lease: Duration) -> Result<bool, StoreError> {
        let mut held = self.connections.hold().await?;
        let others_live = greet(held.connection(), process, lease).await?;
        held.give_back();
        Ok(others_live)
    }

    async fn leave(&self, process: ProcessId) -> Result<(), StoreError> {
        Ok(self.leave(process).await?)
    }

    async fn ring(&self, process: ProcessId, pairs: &[Pair]) -> Result<(), StoreError> {
        Ok(self.ring(process, pairs).await?)
    }

    async fn rung(&self, process: ProcessId) -> Rung {
        self.listener.start();
        self.ears.wait(process).await
    }
}
