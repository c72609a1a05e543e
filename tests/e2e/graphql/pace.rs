//! What becomes of who reads slowly.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use waifu_testkit::mock_llm::Speech;

use super::frames::relationship;
use crate::support::chat::KIND;
use crate::support::graphql_socket::{GraphqlSocket, Operation, PATH, PROTOCOL};
use crate::support::rest::User;
use crate::support::server::Server;
use crate::support::socket::Socket;
use crate::support::world::World;

scenarios! {
    with_a_scripted_model: [
        who_reads_slowly_is_told_fewer_frames_and_misses_nothing,
        who_does_not_read_is_hung_up_on,
    ],
}

const LONG: usize = 60_000;
/// With the subscription as many operations as may be at work.
const QUERIES: usize = 7;

/// Is answered by more than a megabyte; seven of these are more than both ends of a connection hold.
fn history() -> String {
    let again = (0..30).map(|no| {
        format!("a{no}: messages(waifuId: $waifu, first: 1) {{ edges {{ node {{ text }} }} }}")
    });
    let fields: Vec<String> = again.collect();
    format!("query($waifu: ID!) {{ {} }}", fields.join(" "))
}

/// Somebody who listens on a narrow connection, and asks for far more than he reads.
async fn flooded(server: &Server, user: &User, waifu: &str) -> (GraphqlSocket, Operation) {
    let speech = Speech::of(&"lalala ".repeat(LONG / 7));
    server.model().push(speech.into());
    user.say(waifu, KIND).await.ok();
    let narrow = Socket::narrow_at(&user.door, PATH, &PROTOCOL).await;
    let mut narrow = GraphqlSocket::on(narrow);
    narrow.init(user).await;
    let variables = json!({"waifu": waifu});
    let listening = narrow.begin(&relationship(), &variables).await;
    narrow.frame(&listening).await;
    for _ in 0..QUERIES {
        narrow.begin(&history(), &variables).await;
    }
    (narrow, listening)
}

async fn who_reads_slowly_is_told_fewer_frames_and_misses_nothing(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (mut narrow, listening) = flooded(&server, &ada, &hana).await;
    sleep(Duration::from_millis(500)).await;
    let words = "word ".repeat(400);
    let speech = Speech::of(&words).word_every(Duration::from_millis(5));
    server.model().push(speech.into());
    let took = Instant::now();
    ada.say(&hana, KIND).await.ok();
    assert!(took.elapsed() > Duration::from_secs(1));

    let mut frames: Vec<Value> = Vec::new();
    let mut told = 0;
    while told < QUERIES
        || frames
            .last()
            .is_none_or(|frame| frame["__typename"] != "TurnDone")
    {
        let message = narrow.socket.frame().await;
        match message["type"].as_str().unwrap() {
            "next" if message["id"] == listening.0 => {
                frames.push(message["payload"]["data"]["relationship"].clone());
            }
            "next" => told += 1,
            "complete" => {}
            _ => panic!("{message}"),
        }
    }
    // Of words that were over by then he is told at once, not word by word.
    let is_delta = |frame: &&Value| frame["__typename"] == "TurnDelta";
    let deltas = frames.iter().filter(is_delta).count();
    assert!(deltas < 10, "{deltas} deltas");
    assert_eq!(frames.last().unwrap()["message"]["text"], words);
    let seqs = frames.iter().filter_map(|frame| frame["seq"].as_str());
    let seqs: Vec<u64> = seqs.map(|seq| seq.parse().unwrap()).collect();
    let first = seqs[0];
    assert_eq!(seqs, (first..first + seqs.len() as u64).collect::<Vec<_>>());
}

async fn who_does_not_read_is_hung_up_on(world: World) {
    let server = world.server().await;
    let ada = server.user().await;
    let hana = ada.companion().await;
    let (_narrow, _) = flooded(&server, &ada, &hana).await;
    let blocked = Instant::now();
    let closed = "waifu_sockets_closed_total{code=\"4508\"} 1\n";
    while !server.door.get("/metrics").await.text.contains(closed) {
        assert!(blocked.elapsed() < Duration::from_secs(20), "it is open");
        sleep(Duration::from_millis(100)).await;
    }
    let waited = blocked.elapsed();
    assert!(waited > Duration::from_secs(8), "{waited:?}");
    // What he had begun is kept from nobody else.
    ada.say(&hana, KIND).await.ok();
}
