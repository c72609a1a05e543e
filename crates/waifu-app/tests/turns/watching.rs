//! What a watcher is told, however it reaches him: in order, once, and nothing left out.

use std::time::Duration;

use futures_util::FutureExt;
use waifu_app::ports::clock::Clock;
use waifu_app::ports::language_model::Finish;
use waifu_app::turns::hub::{Watch, WatchError};
use waifu_app::turns::news::News;
use waifu_testkit::fakes::Operation;

use crate::scribe::told;
use crate::watcher::words;
use crate::world::{World, seconds_pass, soon};

impl World {
    /// Nobody listens at it.
    pub(crate) fn held_watch(&self, seq: u64) -> Watch {
        let mut watch = self.hub.watch(self.pair);
        watch.start_after(seq);
        watch
    }
}

async fn next(watch: &mut Watch) -> String {
    words(&soon(watch.next()).await.expect("nothing is forgotten"))
}

async fn durable(watch: &mut Watch, up_to: u64) -> Vec<String> {
    let mut told = Vec::new();
    loop {
        let news = soon(watch.next()).await.expect("nothing is forgotten");
        if let News::Durable { seq, .. } = news {
            told.push(words(&news));
            if seq == up_to {
                return told;
            }
        }
    }
}

async fn assert_forgotten(watch: &mut Watch) {
    let forgotten = soon(watch.next()).await;
    assert!(
        matches!(forgotten, Err(WatchError::Forgotten)),
        "{forgotten:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn events_that_come_out_of_order_are_told_in_order() {
    let world = World::new().await;
    let scribe = world.scribe().await;
    let mut watcher = world.watch_from_now();
    let news = scribe.write(6).await;
    world.publish(news[3..].to_vec()).await;
    world.publish(news[..3].to_vec()).await;
    assert_eq!(watcher.so_far().await, told(&news));
}

#[tokio::test(start_paused = true)]
async fn events_that_come_twice_are_told_once() {
    let world = World::new().await;
    let scribe = world.scribe().await;
    let mut watcher = world.watch_from_now();
    let news = scribe.write(3).await;
    world.publish(news.clone()).await;
    world.publish(news.clone()).await;
    world.publish(news[1..2].to_vec()).await;
    assert_eq!(watcher.so_far().await, told(&news));
}

#[tokio::test(start_paused = true)]
async fn events_that_nobody_published_are_read_from_the_log() {
    let world = World::new().await;
    let scribe = world.scribe().await;
    let mut watcher = world.watch_from_now();
    let news = scribe.write(40).await;
    let before = world.store.times(Operation::Snapshot);
    world.publish(news[39..].to_vec()).await;
    assert_eq!(watcher.so_far().await, told(&news));
    let read = world.store.times(Operation::Snapshot) - before;
    assert!((2..=6).contains(&read), "{read} looks");
}

#[tokio::test(start_paused = true)]
async fn a_look_at_the_log_outlives_whoever_stops_waiting_for_it() {
    let world = World::new().await;
    let scribe = world.scribe().await;
    let mut watch = world.held_watch(world.head());
    let news = scribe.write(8).await;
    let before = world.store.times(Operation::Snapshot);
    watch.expect_up_to(world.head());
    for _ in 0..50 {
        assert!(watch.next().now_or_never().is_none());
    }
    assert_eq!(durable(&mut watch, world.head()).await, told(&news));
    assert_eq!(world.store.times(Operation::Snapshot) - before, 1);
    assert_eq!(world.store.open_snapshots(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_was_read_ahead_and_let_go_is_told_all_the_same() {
    let world = World::new().await;
    let scribe = world.scribe().await;
    let mut watch = world.held_watch(world.head());
    let news = scribe.write(20).await;
    watch.expect_up_to(world.head());
    let mut heard = Vec::new();
    for _ in &news {
        heard.push(next(&mut watch).await);
        watch.let_go();
    }
    assert_eq!(heard, told(&news));
}

#[tokio::test(start_paused = true)]
async fn events_that_are_handed_over_are_not_read() {
    let world = World::new().await;
    let scribe = world.scribe().await;
    let mut watcher = world.watch_from_now();
    for _ in 0..20 {
        let news = scribe.write(2).await;
        let before = world.store.times(Operation::Snapshot);
        world.publish(news.clone()).await;
        assert_eq!(watcher.so_far().await, told(&news));
        assert_eq!(world.store.times(Operation::Snapshot), before);
    }
}

#[tokio::test(start_paused = true)]
async fn a_watcher_who_never_reads_finds_everything_that_is_durable() {
    let world = World::new().await;
    let scribe = world.scribe().await;
    let (mut watch, from) = (world.held_watch(world.head()), world.head());
    let (_, call) = world.hello().await;
    for _ in 0..200 {
        for _ in 0..50 {
            call.say("ab");
        }
        tokio::task::yield_now().await;
    }
    let mut late = world.held_watch(world.head());
    let all = "ab".repeat(10_000);
    assert_eq!(next(&mut late).await, format!("snapshot {all}"));
    let mut written = Vec::new();
    for _ in 0..500 {
        let news = scribe.write(2).await;
        world.publish(news.clone()).await;
        written.extend(told(&news));
    }
    assert_eq!(next(&mut watch).await, format!("{} accepted", from + 1));
    assert_eq!(next(&mut watch).await, format!("{} started", from + 2));
    assert_eq!(durable(&mut watch, from + 1_002).await, written);
    // Her words were held once, for all who follow, and are told at once.
    assert_eq!(next(&mut watch).await, format!("delta {all}"));
    call.finish(Finish::Stop, None);
    let end = durable(&mut watch, from + 1_004).await;
    assert_eq!(end.len(), 2, "{end:?}");
}

#[tokio::test(start_paused = true)]
async fn a_watcher_of_what_has_been_forgotten_is_told_so() {
    let world = World::new().await;
    let scribe = world.scribe().await;
    let from = world.head();
    let mut watch = world.held_watch(from);
    let news = scribe.write(20).await;
    world.publish(news.clone()).await;
    let later = world.clock.now().plus(time::Duration::SECOND);
    world.store.forget_before(later);
    assert_forgotten(&mut watch).await;
    // What is handed over needs no log.
    watch.start_after(from + 12);
    assert_eq!(durable(&mut watch, from + 20).await, told(&news[12..]));
}

#[tokio::test(start_paused = true)]
async fn a_watcher_in_the_middle_of_what_is_forgotten_meanwhile_is_told_no_wrong_number() {
    let world = World::new().await;
    let scribe = world.scribe().await;
    let mut watch = world.held_watch(world.head());
    let first = scribe.write(12).await;
    world.publish(first.clone()).await;
    // He has read some of them, and the rest goes before he comes back.
    assert_eq!(next(&mut watch).await, told(&first)[0]);
    world.clock.advance(time::Duration::HOUR);
    let since = world.clock.now();
    let second = scribe.write(12).await;
    world.store.forget_before(since);
    world.publish(second).await;
    let mut heard = vec![told(&first)[0].clone()];
    loop {
        match soon(watch.next()).await {
            Ok(news) => heard.push(words(&news)),
            Err(WatchError::Forgotten) => break,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(heard, told(&first[..heard.len()]));
}

#[tokio::test(start_paused = true)]
async fn a_hole_in_the_log_is_not_passed_over() {
    let world = World::new().await;
    let scribe = world.scribe().await;
    let from = world.head();
    let mut watch = world.held_watch(from);
    let news = scribe.write(14).await;
    world.desk.tear_out(from + 3);
    world.publish(news[13..].to_vec()).await;
    assert_eq!(durable(&mut watch, from + 2).await, told(&news[..2]));
    assert_forgotten(&mut watch).await;
}

#[tokio::test(start_paused = true)]
async fn a_watcher_waits_through_an_outage_of_the_store_and_goes_on() {
    let world = World::new().await;
    let scribe = world.scribe().await;
    let mut watcher = world.watch_from_now();
    let news = scribe.write(12).await;
    let before = world.store.times(Operation::Snapshot);
    world.store.go_away();
    world.publish(news[11..].to_vec()).await;
    seconds_pass(30.0).await;
    assert_eq!(watcher.so_far().await, [""; 0]);
    let looks = world.store.times(Operation::Snapshot) - before;
    assert!(looks < 70, "{looks} looks in 30 seconds");
    world.store.come_back();
    seconds_pass(1.5).await;
    assert_eq!(watcher.so_far().await, told(&news));
}

#[tokio::test(start_paused = true)]
async fn a_next_that_is_dropped_while_it_reads_the_log_loses_nothing() {
    let world = World::new().await;
    let scribe = world.scribe().await;
    let mut watch = world.held_watch(world.head());
    let news = scribe.write(30).await;
    world.publish(news[29..].to_vec()).await;
    let mut heard = Vec::new();
    while heard.len() < 30 {
        // One poll is not enough for a look at the log.
        if let Some(news) = watch.next().now_or_never() {
            heard.push(words(&news.expect("nothing is forgotten")));
        } else {
            let little = Duration::from_nanos(1);
            if let Ok(news) = tokio::time::timeout(little, watch.next()).await {
                heard.push(words(&news.expect("nothing is forgotten")));
            }
        }
    }
    assert_eq!(heard, told(&news));
}

#[tokio::test(start_paused = true)]
async fn what_is_known_is_told_without_a_look_at_the_log() {
    let world = World::new().await;
    let scribe = world.scribe().await;
    let mut watch = world.held_watch(world.head());
    let news = scribe.write(30).await;
    let before = world.store.times(Operation::Snapshot);
    world.publish(news[29..].to_vec()).await;
    assert!(watch.next_known().is_none());
    assert_eq!(world.store.times(Operation::Snapshot), before);

    let mut heard = vec![next(&mut watch).await];
    heard.extend(std::iter::from_fn(|| watch.next_known()).map(|news| words(&news)));
    assert!(heard.len() > 1);
    assert_eq!(heard, told(&news)[..heard.len()]);
    assert_eq!(world.store.times(Operation::Snapshot), before + 1);
}

#[tokio::test(start_paused = true)]
async fn two_watchers_of_one_pair_are_told_the_same() {
    let world = World::new().await;
    let (mut one, mut other) = (world.watch(), world.watch());
    world.play(world.draft("hello"), "hi").await;
    world.play(world.draft("and?"), "well").await;
    let told = one.so_far().await;
    assert_eq!(told.len(), 10);
    assert_eq!(told, other.so_far().await);
}

#[tokio::test(start_paused = true)]
async fn what_happens_to_another_pair_is_told_to_nobody_else() {
    let world = World::new().await;
    let mut watcher = world.watch();
    world.play(world.draft_of_another_user("hello"), "hi").await;
    assert_eq!(watcher.so_far().await, [""; 0]);
}
