//! How fast words go out, and what becomes of who is slower.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};
use waifu_testkit::mock_llm::Speech;

use crate::support::chat::KIND;
use crate::support::rest::Door;
use crate::support::socket::{Socket, durable_types, words_from};
use crate::support::world::World;

scenarios! {
    everywhere: [
        a_connection_that_breaks_is_counted_as_one_who_is_gone,
    ],
    with_a_scripted_model: [
        words_are_gathered_into_twenty_frames_a_second,
        who_does_not_read_is_hung_up_on_while_others_hear,
        who_reads_slowly_misses_nothing,
    ],
}

/// So many bytes of words in one reply.
const LONG: usize = 60_000;

/// Sockets that were closed with this code, as the server counts.
async fn closed_with(door: &Door, code: &str) -> u64 {
    let metrics = door.get("/metrics").await.text;
    let line = format!("waifu_sockets_closed_total{{code=\"{code}\"}} ");
    let count = metrics.lines().find_map(|known| known.strip_prefix(&line));
    count.map_or(0, |count| count.parse().expect("a number"))
}

async fn open_sockets(door: &Door) -> u64 {
    let metrics = door.get("/metrics").await.text;
    let count = metrics
        .lines()
        .find_map(|line| line.strip_prefix("waifu_sockets_open "));
    count.expect("a gauge").parse().expect("a number")
}

async fn words_are_gathered_into_twenty_frames_a_second(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    let fast = "word ".repeat(400);
    let fast = Speech::of(&fast).word_every(Duration::from_millis(4));
    server.model().push(fast.into());
    socket.say(KIND).await;
    let mut arrivals = Vec::new();
    let mut frames = vec![];
    while frames
        .last()
        .is_none_or(|frame: &serde_json::Value| frame["type"] != "turn.done")
    {
        let frame = socket.frame().await;
        if frame["type"] == "turn.delta" {
            arrivals.push(Instant::now());
        }
        frames.push(frame);
    }
    let took = *arrivals.last().unwrap() - arrivals[0];
    assert!(took > Duration::from_secs(1), "{took:?}");
    // The last words come at once, however short a time ago the ones before came.
    let most = took.as_millis() / 50 + 2;
    assert!(
        arrivals.len() as u128 <= most,
        "{} in {took:?}",
        arrivals.len()
    );
    assert!(arrivals.len() > 10, "{} in {took:?}", arrivals.len());
    assert_eq!(words_from(0, &frames), "word ".repeat(400));
}

/// One long reply, which a socket can ask for again and again.
async fn long_turn(
    server: &crate::support::server::Server,
    socket: &mut Socket,
) -> serde_json::Value {
    server
        .model()
        .push(Speech::of(&"lalala ".repeat(LONG / 7)).into());
    socket.say(KIND).await;
    let frames = socket.until("turn.done").await;
    let said = frames.last().unwrap()["message"]["text"].as_str().unwrap();
    assert!(said.len() > LONG - 10, "{}", said.len());
    frames[0]["turn_id"].clone()
}

async fn who_does_not_read_is_hung_up_on_while_others_hear(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut reader, _) = Socket::ready(&ada, &hana).await;
    let turn = long_turn(&server, &mut reader).await;
    let mut narrow = Socket::narrow(&ada, &hana).await;
    narrow.expect("ready").await;
    // About three megabytes, which is more than both ends hold.
    for _ in 0..50 {
        narrow
            .send(&json!({"type": "turn.sync", "turn_id": turn}))
            .await;
    }
    let blocked = Instant::now();
    assert_eq!(open_sockets(&server.door).await, 2);
    let mut turns = 0;
    while closed_with(&server.door, "4508").await == 0 {
        assert!(
            blocked.elapsed() < Duration::from_secs(20),
            "it is still open"
        );
        reader.say(KIND).await;
        let frames = reader.until("turn.done").await;
        assert_eq!(
            durable_types(&frames)[..2],
            ["message.accepted", "turn.started"]
        );
        turns += 1;
        sleep(Duration::from_millis(400)).await;
    }
    let waited = blocked.elapsed();
    assert!(waited > Duration::from_secs(9), "{waited:?}");
    assert!(waited < Duration::from_secs(15), "{waited:?}");
    assert!(turns > 5, "{turns}");
    assert_eq!(open_sockets(&server.door).await, 1);
}

async fn who_reads_slowly_misses_nothing(world: World) {
    // Reading three megabytes may take a while, in which he answers no ping.
    let server = world
        .server_with(&[("WAIFU__CHAT__HEARTBEAT_SECONDS", "120")])
        .await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut reader, _) = Socket::ready(&ada, &hana).await;
    let turn = long_turn(&server, &mut reader).await;
    let mut narrow = Socket::narrow(&ada, &hana).await;
    let ready = narrow.expect("ready").await;
    for _ in 0..50 {
        narrow
            .send(&json!({"type": "turn.sync", "turn_id": turn}))
            .await;
    }
    // While nothing is taken, a great deal happens, and he goes on to speak.
    for no in 0..8 {
        reader.say(KIND).await;
        reader.until("turn.done").await;
        if no % 2 == 0 {
            narrow.send(&json!({"type": "pong"})).await;
        }
        sleep(Duration::from_millis(100)).await;
    }
    let (_, now) = Socket::ready(&ada, &hana).await;
    let (first, last) = (ready["seq"].as_u64().unwrap(), now["seq"].as_u64().unwrap());
    assert!(last > first + 20);
    let (mut next, mut shown) = (first + 1, 0);
    while next <= last || shown < 50 {
        let frame = narrow.frame().await;
        match frame["seq"].as_u64() {
            Some(seq) => {
                assert_eq!(seq, next, "{}", frame["type"]);
                next += 1;
            }
            None => shown += u32::from(frame["type"] == "turn.done"),
        }
    }
    assert_eq!(shown, 50);
    assert_eq!(closed_with(&server.door, "4508").await, 0);
}

async fn a_connection_that_breaks_is_counted_as_one_who_is_gone(world: World) {
    let server = world.slow_server(&[]).await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    socket.say(KIND).await;
    socket.until("turn.delta").await;
    drop(socket);
    let deadline = Instant::now() + Duration::from_secs(5);
    while open_sockets(&server.door).await > 0 {
        assert!(Instant::now() < deadline, "it is still open");
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(closed_with(&server.door, "0").await, 1);
}
