//! Few connections to the store, many replies that stream: nobody holds one while a model speaks.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_postgres::{Client, NoTls};
use waifu_testkit::mock_llm::Speech;

use crate::support::rest::{User, send};
use crate::support::server::Server;
use crate::support::socket::Socket;
use crate::support::world::World;

scenarios! {
    everywhere: [
        no_connection_is_thrown_away_by_who_asks_for_much_at_once,
    ],
    with_a_scripted_model: [
        the_store_answers_while_more_replies_stream_than_it_has_connections,
    ],
}

const USERS: usize = 10;
const STREAMS_A_USER: usize = 5;
const STREAMS: usize = USERS * STREAMS_A_USER;
const REQUESTS: usize = 500;
/// On a machine that does nothing else all are far below 100 ms.
const SLOWEST: Duration = Duration::from_millis(500);
const MEDIAN: Duration = Duration::from_millis(100);
const LONGEST_IDLE_MS: i64 = 500;
const SAMPLED_EVERY: Duration = Duration::from_millis(50);

async fn the_store_answers_while_more_replies_stream_than_it_has_connections(world: World) {
    let server = world.server_with(&[("WAIFU__STORE__POOL_SIZE", "2")]).await;
    let mut talks = Vec::new();
    for _ in 0..USERS {
        let user = server.user().await;
        for _ in 0..STREAMS_A_USER {
            talks.push((user.clone(), user.companion().await));
        }
    }
    let words = "word ".repeat(900);
    let speech = Speech::of(&words).word_every(Duration::from_millis(100));
    server.model().set_default(speech.into());
    let talking = talks
        .iter()
        .map(|(user, waifu)| user.say(waifu, "Tell me a long story."));

    let watching = async {
        while server.model().in_flight() < STREAMS {
            sleep(Duration::from_millis(10)).await;
        }
        let mut took = Vec::new();
        for (no, (user, waifu)) in (0..REQUESTS).zip(talks.iter().cycle()) {
            let start = Instant::now();
            if no % 2 == 0 {
                assert_eq!(server.door.get("/health/ready").await.status, 200);
            } else {
                assert_eq!(user.history(waifu).await.len(), 1);
            }
            took.push(start.elapsed());
            sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(
            server.model().in_flight(),
            STREAMS,
            "the replies ended too early"
        );
        for (user, waifu) in &talks {
            stop(user, waifu).await;
        }
        took.sort_unstable();
        (took[took.len() / 2], took[took.len() * 99 / 100])
    };
    let mut longest = 0;
    let watching = async {
        tokio::select! {
            watched = watching => watched,
            never = watch_idle_transactions(&server, &mut longest) => match never {},
        }
    };
    let (answers, (median, p99)) = tokio::join!(join_all(talking), watching);
    println!(
        "while {STREAMS} replies stream over 2 connections: median {median:?}, p99 {p99:?}, \
         and the longest that a transaction was idle is {longest} ms"
    );
    assert!(
        longest < LONGEST_IDLE_MS,
        "{longest} ms idle in a transaction"
    );
    assert!(median < MEDIAN, "the median is {median:?}");
    assert!(p99 < SLOWEST, "p99 is {p99:?}");
    for answer in answers {
        let reply = answer.ok()["reply"]["text"].clone();
        assert!(words.starts_with(reply.as_str().expect("words")));
    }
}

async fn no_connection_is_thrown_away_by_who_asks_for_much_at_once(world: World) {
    let server = world.server_with(&[("WAIFU__STORE__POOL_SIZE", "2")]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    socket.say("hello").await;
    let turn = socket.until("turn.done").await[0]["turn_id"].clone();
    // Both are open, whatever the server has done so far.
    join_all((0..8).map(|_| ada.history(&hana))).await;
    let before = connections(&server).await;
    for _ in 0..50 {
        let frame = json!({"type": "turn.sync", "turn_id": turn});
        socket.send(&frame).await;
    }
    for _ in 0..50 {
        socket.expect("turn.done").await;
    }
    assert_eq!(connections(&server).await, before);
}

/// The server's connections to its database, by the process that serves each; SQLite has no such thing.
async fn connections(server: &Server) -> Vec<i32> {
    const PROCESSES: &str = "select pid from pg_stat_activity \
        where datname = current_database() and pid <> pg_backend_pid() order by pid";

    let Some(client) = look(server).await else {
        return Vec::new();
    };
    let rows = client.query(PROCESSES, &[]).await.expect("a list");
    rows.iter().map(|row| row.get(0)).collect()
}

/// A connection of the test's own, where there is something to connect to.
async fn look(server: &Server) -> Option<Client> {
    let url = server.place.database_url()?;
    let connected = tokio_postgres::connect(&url, NoTls).await;
    let (client, connection) = connected.expect("a database");
    tokio::spawn(connection);
    Some(client)
}

/// What has been watched long enough.
async fn stop(user: &User, waifu: &str) {
    let turn = user.history(waifu).await[0]["turn_id"].clone();
    let turn = turn.as_str().expect("an id");
    let path = format!("/waifus/{waifu}/turns/{turn}/cancel");
    send(user.request("POST", &path)).await.ok();
}

/// Looks on until dropped. SQLite has nobody to ask.
async fn watch_idle_transactions(server: &Server, longest: &mut i64) -> Infallible {
    // By the database's clock; ours may be kept from a look.
    const IDLE_MS: &str = "select coalesce(max(extract(milliseconds \
        from clock_timestamp() - state_change)), 0)::bigint \
        from pg_stat_activity \
        where datname = current_database() and state like 'idle in transaction%'";

    let Some(client) = look(server).await else {
        return pending().await;
    };
    let mut ticks = interval(SAMPLED_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let idle = client.query_one(IDLE_MS, &[]).await.expect("a number");
        *longest = idle.get::<_, i64>(0).max(*longest);
    }
}
