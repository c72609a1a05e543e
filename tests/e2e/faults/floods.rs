//! Clients that read nothing, flooded until nothing more can be written to them: each costs a bounded amount of
//! memory, for a bounded time.
//!
//! A thousand of them, for which about 2,500 files may be open at once:
//! `cargo xtask test -- -p waifu-e2e -- --ignored --nocapture --test-threads 1 a_thousand_clients`

use std::fs;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, interval, sleep};
use waifu_testkit::mock_llm::Speech;

use crate::support::blind::Blind;
use crate::support::chat::KIND;
use crate::support::rest::{Door, User};
use crate::support::server::Server;
use crate::support::world::{Model, Store, World, play};

scenarios! {
    with_a_scripted_model: [
        who_reads_nothing_costs_little_and_is_hung_up_on,
        who_does_not_even_answer_is_hung_up_on_for_that,
    ],
}

/// As many as one user may have, over four companions.
const SOCKETS_A_USER: usize = 20;
const COMPANIONS_A_USER: usize = 4;
/// Companions who are made to speak at once.
const AT_ONCE: usize = 6;
const SOCKETS_A_PAIR: usize = SOCKETS_A_USER / COMPANIONS_A_USER;
/// With the pongs fewer than the frames that a client may send in a minute.
const ASKED_FOR: usize = 45;
const PONG_EVERY: Duration = Duration::from_secs(6);
/// Of a connection that takes nothing more.
const LET_GO_WITHIN: Duration = Duration::from_secs(40);
/// What a thousand may add to the memory of their server.
const MOST_FOR_A_THOUSAND: u64 = 64 * MIB;
/// What the flood itself takes: replies in the making, requests that wait for them.
const MOST_FOR_THE_FLOOD: u64 = 24 * MIB;
const MIB: u64 = 1024 * 1024;

#[tokio::test]
#[ignore = "soak: takes some minutes"]
async fn a_thousand_clients_that_read_nothing() {
    play(Store::Sqlite, Model::Scripted, |world| {
        flood(world, 1_000, MOST_FOR_A_THOUSAND)
    })
    .await;
}

async fn who_reads_nothing_costs_little_and_is_hung_up_on(world: World) {
    let clients = 60;
    let most = MOST_FOR_A_THOUSAND * clients as u64 / 1_000 + MOST_FOR_THE_FLOOD;
    flood(world, clients, most).await;
}

async fn who_does_not_even_answer_is_hung_up_on_for_that(world: World) {
    const CLIENTS: usize = 20;

    let server = world
        .server_with(&[
            ("WAIFU__CHAT__HEARTBEAT_SECONDS", "1"),
            ("WAIFU__CHAT__PONG_SECONDS", "1"),
        ])
        .await;
    let pairs = pairs(&server, CLIENTS).await;
    let _clients = clients(&pairs, &server.door).await;
    let start = Instant::now();
    while closed_with(&server.door, "4504").await < CLIENTS as u64 {
        assert!(start.elapsed() < Duration::from_secs(10), "they stay");
        sleep(Duration::from_millis(50)).await;
    }
}

async fn flood(world: World, count: usize, most: u64) {
    let mut server = world.server().await;
    let pairs = pairs(&server, count).await;
    // Passwords take memory of their own.
    server.start_again().await;
    // 16 KiB: no more than one frame of them waits for anybody.
    let words = "la".repeat(1_000) + " ";
    let speech = Speech::of(&words.repeat(8));
    server.model().set_default(speech.into());
    let (door, process) = (server.door.clone(), server.process_id());
    // What is made on first use, and what is asked for again below.
    speak(&pairs, &door).await;
    let mut clients = clients(&pairs, &door).await;
    sleep(Duration::from_secs(6)).await;
    let (before, files) = (memory(process), open_files(process));

    let start = Instant::now();
    let flooding = async {
        for (pair, clients) in pairs.iter().zip(clients.chunks_mut(SOCKETS_A_PAIR)) {
            let turn = last_turn(pair, &door).await;
            for client in clients {
                client.ask_for(&turn, ASKED_FOR).await;
            }
        }
        let blindness = clients
            .iter_mut()
            .map(|client| client.answer_blindly(PONG_EVERY));
        let flooding = async {
            while closed_with(&door, "4508").await < count as u64 {
                speak_and_take_it_back(&pairs, &door).await;
                sleep(Duration::from_secs(2)).await;
                println!(
                    "after {:?}: {} of {count} are closed, {} MiB more than before",
                    start.elapsed(),
                    closed_with(&door, "4508").await,
                    memory(process).saturating_sub(before) / MIB
                );
            }
        };
        tokio::join!(join_all(blindness), flooding);
    };
    let mut largest = before;
    let measuring = async {
        let mut ticks = interval(Duration::from_millis(50));
        loop {
            ticks.tick().await;
            largest = memory(process).max(largest);
        }
    };
    tokio::select! {
        () = flooding => {}
        () = measuring => {}
    }
    let grown = largest - before;
    println!(
        "{count} clients that read nothing: {} MiB before, {} MiB more at most, all hung up on after {:?}",
        before / MIB,
        grown / MIB,
        start.elapsed()
    );
    // Nothing is kept of those who were hung up on, though they have not hung up themselves.
    let deadline = Instant::now() + LET_GO_WITHIN;
    while open_files(process) > files - count + 10 {
        assert!(
            Instant::now() < deadline,
            "{} files are open, {files} were before",
            open_files(process)
        );
        sleep(Duration::from_millis(100)).await;
    }
    assert!(grown < most, "{} MiB more than before", grown / MIB);
}

async fn last_turn((user, waifu): &Pair, door: &Door) -> String {
    let history = user.through(door).history(waifu).await;
    history[0]["turn_id"].as_str().expect("an id").to_owned()
}

type Pair = (User, String);

/// Of enough users, for so many clients.
async fn pairs(server: &Server, clients: usize) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for _ in 0..clients.div_ceil(SOCKETS_A_USER) {
        let user = server.user().await;
        for _ in 0..COMPANIONS_A_USER {
            pairs.push((user.clone(), user.companion().await));
        }
    }
    pairs
}

async fn clients(pairs: &[Pair], door: &Door) -> Vec<Blind> {
    let mut clients = Vec::new();
    for (user, waifu) in pairs {
        for _ in 0..SOCKETS_A_PAIR {
            clients.push(Blind::open(&user.through(door), waifu).await);
        }
    }
    clients
}

/// Every companion says something long.
async fn speak(pairs: &[Pair], door: &Door) {
    stream::iter(pairs)
        .for_each_concurrent(AT_ONCE, async |(user, waifu)| {
            user.through(door).say(waifu, KIND).await.ok();
        })
        .await;
}

/// Also says something long, and the prompts stay as short as they are.
async fn speak_and_take_it_back(pairs: &[Pair], door: &Door) {
    stream::iter(pairs)
        .for_each_concurrent(AT_ONCE, async |(user, waifu)| {
            let user = user.through(door);
            let answer = user.say(waifu, KIND).await.ok();
            user.rewind(waifu, &answer["turn_id"]).await.ok();
        })
        .await;
}

/// Sockets that were closed with this code, as the server counts.
async fn closed_with(door: &Door, code: &str) -> u64 {
    let metrics = door.get("/metrics").await.text;
    let line = format!("waifu_sockets_closed_total{{code=\"{code}\"}} ");
    let count = metrics.lines().find_map(|known| known.strip_prefix(&line));
    count.map_or(0, |count| count.parse().expect("a number"))
}

/// What a process has in memory, in bytes.
fn memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it lives");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.expect("a size").parse::<u64>().expect("a number") * 1024
}

fn open_files(process: u32) -> usize {
    let files = fs::read_dir(format!("/proc/{process}/fd"));
    files.expect("it lives").count()
}
