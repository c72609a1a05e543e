//! Whatever happens in whatever order, and however often a watcher is interrupted or comes back: what he was told is
//! what is stored, once and in order, and the words that he was told of a run are the words that it said.

mod client;
mod steps;

use std::time::Duration;

use proptest::prelude::*;
use waifu_app::use_cases::ResumeFrom;

use client::Client;
use steps::{Deed, Stage};

use crate::world::seconds_pass;

/// Where the watcher is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the process that streams.
    Here,
    /// At another one, which hears of what is saved.
    Elsewhere,
}

#[derive(Debug, Clone)]
enum Step {
    Deed(Deed),
    /// The watcher wants to be told something so often, and gives up after so long each time.
    Listen {
        times: u8,
        micros: u64,
    },
    /// The watcher loses its connection and comes back.
    Return,
}

fn paused<T>(test: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build();
    runtime.expect("a runtime can be built").block_on(test)
}

async fn play(steps: Vec<Step>, place: Place) {
    let mut stage = Stage::new().await;
    let from = stage.head();
    let watching = match place {
        Place::Here => &stage.here,
        Place::Elsewhere => &stage.elsewhere,
    };
    let doors = watching.doors();
    let epoch = Some(stage.here.relationship().epoch);
    let resume = |seq| ResumeFrom { epoch, seq };
    let mut following = doors.follow(Some(resume(from))).await;
    let mut client = Client::at(from, place);
    for step in steps {
        match step {
            Step::Listen { times, micros } => {
                for _ in 0..times {
                    let little = Duration::from_micros(micros);
                    let next = following.watch.next();
                    let Ok(news) = tokio::time::timeout(little, next).await else {
                        continue;
                    };
                    client.hear(news.expect("nothing is forgotten"));
                }
            }
            Step::Return => {
                drop(following);
                following = doors.follow(Some(resume(client.seq()))).await;
                assert!(following.is_resumed);
                client.returns(following.active.take());
            }
            Step::Deed(deed) => stage.act(deed).await,
        }
    }
    stage.end().await;
    let head = stage.head();
    while client.seq() < head {
        let news = tokio::time::timeout(Duration::from_mins(10), following.watch.next()).await;
        let news = news.expect("he is told in the end");
        client.hear(news.expect("nothing is forgotten"));
    }
    let nothing = tokio::time::timeout(Duration::from_secs(5), following.watch.next()).await;
    assert!(nothing.is_err(), "told more: {nothing:?}");

    let mut fresh = Client::at(from, place);
    let mut watch = stage.reader.hub.watch(stage.reader.pair);
    watch.start_after(from);
    stage.tell_the_reader().await;
    while fresh.seq() < head {
        fresh.hear(watch.next().await.expect("nothing is forgotten"));
    }
    assert_eq!(client.durable(), fresh.durable());
    seconds_pass(1.0).await;
}

fn listening() -> impl Strategy<Value = Step> {
    (1..6_u8, 0..60_000_u64).prop_map(|(times, micros)| Step::Listen { times, micros })
}

fn happening() -> impl Strategy<Value = Step> {
    let deed = prop_oneof![
        3 => (1..5_usize).prop_map(Deed::Write),
        4 => prop::collection::vec(any::<prop::sample::Index>(), 1..4).prop_map(Deed::Publish),
        3 => (0..3_u8).prop_map(|refusals| Deed::Start { refusals }),
        8 => "[a-zäß語👩]{1,6}".prop_map(Deed::Say),
        2 => Just(Deed::Finish),
        1 => Just(Deed::Cancel),
        3 => (0..120_u64).prop_map(Deed::Wait),
    ];
    deed.prop_map(Step::Deed)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn what_a_watcher_is_told_is_what_is_stored_and_said(
        steps in prop::collection::vec(prop_oneof![2 => happening(), 1 => listening()], 1..60),
    ) {
        paused(play(steps, Place::Here));
    }

    #[test]
    fn who_comes_back_again_and_again_holds_what_one_who_was_always_there_holds(
        steps in prop::collection::vec(
            prop_oneof![6 => happening(), 3 => listening(), 1 => Just(Step::Return)],
            1..60,
        ),
    ) {
        paused(play(steps, Place::Here));
    }

    #[test]
    fn who_watches_at_another_process_holds_the_same(
        steps in prop::collection::vec(
            prop_oneof![6 => happening(), 3 => listening(), 1 => Just(Step::Return)],
            1..60,
        ),
    ) {
        paused(play(steps, Place::Elsewhere));
    }
}
