//! The database is gone for a while. Nobody is told a lie, nothing in flight is lost, and all goes on when it is back.
//!
//! For half a minute, as long as leases run out meanwhile:
//! `cargo xtask test -- -p waifu-e2e -- --ignored --nocapture the_database_is_gone_for_half_a_minute`

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};
use waifu_testkit::mock_llm::Speech;

use crate::support::chat::KIND;
use crate::support::new_id;
use crate::support::operators::succeeded;
use crate::support::place::Place;
use crate::support::proxy::Proxy;
use crate::support::rest::{Answer, User};
use crate::support::server::Server;
use crate::support::socket::{Heard, Socket};
use crate::support::world::{Model, Store, World, play};

on_postgres! {
    the_database_is_gone_for_a_while,
}

#[tokio::test]
#[ignore = "soak: takes a minute"]
async fn the_database_is_gone_for_half_a_minute() {
    play(Store::Postgres, Model::Scripted, |world| {
        be_without_a_database(world, Duration::from_secs(30))
    })
    .await;
}

async fn the_database_is_gone_for_a_while(world: World) {
    be_without_a_database(world, Duration::from_secs(6)).await;
}

/// Whoever asks for something that is not to be had is told so within this.
const TOLD_WITHIN: Duration = Duration::from_secs(12);
const BACK_WITHIN: Duration = Duration::from_secs(5);
const SHORT: &str = "this ends while nobody can store it";
const BETWEEN_WORDS: Duration = Duration::from_millis(250);

async fn be_without_a_database(world: World, outage: Duration) {
    let mut place = Place::new(world, &[]).await;
    let url = place.database_url().expect("a store in PostgreSQL");
    let proxy = Proxy::to(&url).await;
    place.change(&[("WAIFU__STORE__URL", &proxy.url(&url))]);
    let mut server = place.start().await;
    let ada = server.user().await;
    let (hana, mio, yuki) = (
        ada.companion().await,
        ada.companion().await,
        ada.companion().await,
    );
    let (mut bystander, _) = Socket::ready(&ada, &yuki).await;
    let (mut socket, _) = Socket::ready(&ada, &hana).await;
    let brief = Speech::of(SHORT).word_every(BETWEEN_WORDS);
    server.model().push(brief.into());
    let seconds = u32::try_from(outage.as_secs()).expect("a short outage");
    let words = "word ".repeat(usize::try_from(4 * (seconds + 3)).expect("a short outage"));
    let lasting = Speech::of(&words).word_every(BETWEEN_WORDS);
    server.model().push(lasting.into());
    // One reply ends while there is no database, and one after.
    socket.say(KIND).await;
    socket.until("turn.delta").await;
    let waiting = tokio::spawn({
        let (ada, mio) = (ada.clone(), mio.clone());
        async move { ada.say(&mio, KIND).await }
    });
    while server.model().in_flight() < 2 {
        sleep(Duration::from_millis(10)).await;
    }

    proxy.cut();
    let cut = Instant::now();
    let unanswered = new_id();
    tell_the_truth(&server, &ada, &yuki, &unanswered).await;
    println!("all were told the truth {:?} after the cut", cut.elapsed());
    sleep(outage.saturating_sub(cut.elapsed())).await;
    assert_eq!(server.door.get("/health/ready").await.status, 503);
    proxy.restore();
    let restored = Instant::now();
    while server.door.get("/health/ready").await.status != 200 {
        assert!(restored.elapsed() < BACK_WITHIN, "it does not become ready");
        sleep(Duration::from_millis(50)).await;
    }
    println!("ready {:?} after the database", restored.elapsed());

    // The first message after it works, and one that nobody answered is still one.
    server
        .model()
        .set_default(Speech::of("there you are").into());
    let first = ada.say_as(&yuki, &unanswered, KIND).await.ok();
    assert_eq!(first["status"], "completed");
    assert_eq!(
        ada.say_as(&yuki, &unanswered, KIND).await.ok()["turn_id"],
        first["turn_id"]
    );
    // What was in flight is kept and settled.
    let answer = waiting.await.expect("whoever waits does not panic").ok();
    assert_eq!(
        (&answer["status"], &answer["reply"]["text"]),
        (&json!("completed"), &json!(words))
    );
    let done = end_of_the_reply(&mut socket, &ada, &hana).await;
    assert_eq!(
        (&done["status"], &done["message"]["text"]),
        (&json!("completed"), &json!(SHORT))
    );
    println!(
        "all replies were settled {:?} after the database",
        restored.elapsed()
    );
    end_of_the_reply(&mut bystander, &ada, &yuki).await;
    for waifu in [&hana, &mio, &yuki] {
        assert_eq!(ada.history(waifu).await.len(), 2);
        assert_eq!(ada.ledger(waifu).await.len(), 1);
        let (_, ready) = Socket::ready(&ada, waifu).await;
        assert_eq!(ready.get("active"), None);
    }
    let told = server.log();
    assert!(!told.contains("panicked"), "{told}");
    let said = succeeded(&server.command(&["verify-ledger"]).await);
    assert_eq!(said.trim(), "the ledger law holds: 3 relationships, 3 rows");
}

/// While there is no database.
async fn tell_the_truth(server: &Server, ada: &User, yuki: &str, id: &str) {
    let history = format!("/waifus/{yuki}/messages");
    let say = json!({"waifu_id": yuki, "message": KIND, "client_message_id": id});
    let (ready, live, read, said) = tokio::join!(
        timely("/health/ready", server.door.get("/health/ready")),
        timely("/health/live", server.door.get("/health/live")),
        timely("reading", ada.get(&history)),
        timely("saying", ada.post("/waifus/chat", &say)),
    );
    assert_eq!((ready.status, live.status), (503, 204));
    let told = ready.json();
    assert_eq!(
        (&told["ready"], &told["store"]),
        (&json!(false), &json!("unavailable"))
    );
    read.problem(503, "store_unavailable");
    said.problem(503, "store_unavailable");
    for answer in [ready, read, said] {
        let after: u64 = answer.header("Retry-After").parse().expect("seconds");
        assert!((1..=60).contains(&after), "{answer:?}");
    }
}

async fn timely(what: &str, asking: impl Future<Output = Answer>) -> Answer {
    let asked = Instant::now();
    let answer = asking.await;
    let took = asked.elapsed();
    println!("without a database {what} is answered after {took:?}");
    assert!(took < TOLD_WITHIN, "{what} took {took:?}");
    answer
}

/// Heard on a socket that has stayed open, or by coming back to where it was.
async fn end_of_the_reply(socket: &mut Socket, user: &User, waifu: &str) -> serde_json::Value {
    loop {
        match socket.hear().await {
            Heard::Frame(frame) if frame["type"] == "turn.done" => return frame,
            Heard::Frame(_) | Heard::Pong(_) => {}
            Heard::Closed(code) => {
                assert!([4500, 4503].contains(&code), "closed with {code}");
                println!("a socket was closed with {code}");
                *socket = Socket::resuming(user, waifu, "null:0").await.0;
            }
            Heard::Lost => panic!("a socket was closed without a word"),
        }
    }
}
