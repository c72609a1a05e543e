//! Few connections to the store, many replies that stream: nobody holds one while a model speaks.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};
use waifu_testkit::mock_llm::Speech;

use crate::support::world::World;

scenarios! {
    with_a_scripted_model: [
        the_store_answers_while_more_replies_stream_than_it_has_connections,
    ],
}

const STREAMS: usize = 20;
const REQUESTS: usize = 50;
const SLOWEST: Duration = Duration::from_millis(500);

async fn the_store_answers_while_more_replies_stream_than_it_has_connections(world: World) {
    let server = world.server_with(&[("WAIFU__STORE__POOL_SIZE", "2")]).await;
    let mina = server.user().await.public_companion().await;
    let mut users = Vec::new();
    for _ in 0..STREAMS {
        users.push(server.user().await);
    }
    let words = "word ".repeat(60);
    server.model().set_default(
        Speech::of(&words)
            .word_every(Duration::from_millis(100))
            .into(),
    );
    let talking = users
        .iter()
        .map(|user| user.say(&mina, "Tell me a long story."));

    let watching = async {
        while server.model().in_flight() < STREAMS {
            sleep(Duration::from_millis(10)).await;
        }
        let mut took = Vec::new();
        for (no, user) in (0..REQUESTS).zip(users.iter().cycle()) {
            let start = Instant::now();
            if no % 2 == 0 {
                assert_eq!(server.door.get("/health/ready").await.status, 200);
            } else {
                assert_eq!(user.history(&mina).await.len(), 1);
            }
            took.push(start.elapsed());
            sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(
            server.model().in_flight(),
            STREAMS,
            "the replies ended too early"
        );
        took.sort_unstable();
        (took[took.len() / 2], took[took.len() * 99 / 100])
    };
    let (answers, (median, p99)) = tokio::join!(join_all(talking), watching);
    println!("while {STREAMS} replies stream over 2 connections: median {median:?}, p99 {p99:?}");
    assert!(p99 < SLOWEST, "p99 is {p99:?}");
    for answer in answers {
        assert_eq!(answer.ok()["reply"]["text"], words.as_str());
    }
}
