//! Two processes on one store: what happens at one is heard at the other.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use waifu_app::ports::language_model::Finish;
use waifu_app::turns::TurnLimits;
use waifu_domain::turn::{EndReason, EndStatus};
use waifu_testkit::fakes::{Operation, Street};

use crate::latch::Door;
use crate::scribe::told;
use crate::watcher::{Watcher, words};
use crate::world::{World, left, seconds_pass, soon};

struct Two {
    street: Street,
    one: World,
    other: World,
}

impl Two {
    /// Both know of each other.
    async fn new() -> Self {
        let street = Street::default();
        let neighbours = || Arc::new(street.clone());
        let one = World::among(neighbours(), TurnLimits::default()).await;
        let other = one.beside_among(neighbours()).await;
        seconds_pass(3.5).await;
        assert_eq!(street.residents().len(), 2);
        Self { street, one, other }
    }
}

#[tokio::test(start_paused = true)]
async fn everything_durable_is_heard_at_the_other_process_in_order() {
    let Two { one, other, .. } = Two::new().await;
    let (mut here, mut there) = (one.watch(), other.watch());
    one.play(one.draft("hello"), "hi").await;
    seconds_pass(0.5).await;
    other.play(other.draft("and?"), "well").await;
    seconds_pass(0.5).await;
    let durable = |told: Vec<String>| -> Vec<String> {
        let is_durable = |told: &String| told.starts_with(|c: char| c.is_ascii_digit());
        told.into_iter().filter(is_durable).collect()
    };
    let heard = durable(there.so_far().await);
    assert_eq!(
        heard,
        [
            "1 accepted",
            "2 started",
            "3 updated hello",
            "4 done Completed",
            "5 accepted",
            "6 started",
            "7 updated and?",
            "8 done Completed"
        ]
    );
    assert_eq!(durable(here.so_far().await), heard);
}

#[tokio::test(start_paused = true)]
async fn a_ring_makes_it_heard_within_a_tenth_of_a_second() {
    let Two { one, other, street } = Two::new().await;
    let mut there = other.watch();
    let since = Instant::now();
    one.play(one.draft("hello"), "hi").await;
    there.until_over().await;
    assert!(since.elapsed() < Duration::from_millis(100));
    // They were gathered: what comes within 20 ms is one ring.
    assert!(street.rings().len() <= 2, "{:?}", street.rings());
}

#[tokio::test(start_paused = true)]
async fn nobody_rings_without_news() {
    let Two { one, street, .. } = Two::new().await;
    for _ in 0..10 {
        one.play(one.draft("hello"), "hi").await;
        seconds_pass(0.03).await;
    }
    seconds_pass(10.0).await;
    let rings = street.rings();
    assert!(
        rings.iter().all(|(_, pairs)| pairs == &[one.pair]),
        "{rings:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn without_any_ring_it_is_heard_within_about_a_second() {
    let Two { one, other, street } = Two::new().await;
    street.lose_rings();
    let mut there = other.watch();
    let since = Instant::now();
    one.play(one.draft("hello"), "hi").await;
    there.until_over().await;
    let took = since.elapsed();
    assert!(took <= Duration::from_millis(1_100), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn rings_that_may_have_been_missed_are_made_up_for_at_once() {
    let Two { one, other, street } = Two::new().await;
    street.lose_rings();
    let mut there = other.watch();
    one.play(one.draft("hello"), "hi").await;
    let since = Instant::now();
    street.doubt();
    there.until_over().await;
    assert!(since.elapsed() < Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn her_words_are_heard_at_the_other_process_as_they_are_saved() {
    let Two { one, other, .. } = Two::new().await;
    let mut there = other.watch();
    let (_, call) = one.hello().await;
    let mut said = String::new();
    let mut last_heard = Instant::now();
    let mut shown = String::new();
    for n in 0..40 {
        let word = format!("{n} ");
        call.say(&word);
        said += &word;
        seconds_pass(0.25).await;
        for told in there.so_far().await {
            let (kind, text) = told.split_once(' ').unwrap();
            match kind {
                "snapshot" => text.clone_into(&mut shown),
                "delta" => shown += text,
                _ => continue,
            }
            last_heard = Instant::now();
        }
        assert!(said.starts_with(&shown), "{shown:?} of {said:?}");
        let silence = last_heard.elapsed();
        assert!(silence <= Duration::from_secs(3), "{silence:?}");
    }
    assert!(shown.len() > said.len() / 2, "{shown:?}");
    call.finish(Finish::Stop, None);
    let end = there.end_of_a_run().await;
    assert_eq!(end.status, EndStatus::Completed);
    seconds_pass(5.0).await;
    assert_eq!(there.so_far().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn who_joins_at_the_other_process_gets_what_was_saved() {
    let Two { one, other, .. } = Two::new().await;
    let (_, call) = one.hello().await;
    call.say("Once upon");
    seconds_pass(1.5).await;
    let mut there = other.watch_from_now();
    let told = words(&there.next().await);
    assert_eq!(told, "snapshot Once upon");
    call.say(" a time");
    seconds_pass(2.5).await;
    assert_eq!(there.so_far().await, ["delta  a time"]);
    call.finish(Finish::Stop, None);
    assert_eq!(
        there.until_over().await,
        ["3 updated hello", "4 done Completed"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_process_alone_neither_looks_nor_rings() {
    let street = Street::default();
    let world = World::among(Arc::new(street.clone()), TurnLimits::default()).await;
    let _watcher = world.watch();
    world.play(world.draft("hello"), "hi").await;
    seconds_pass(60.0).await;
    assert_eq!(world.store.times(Operation::Whereabouts), 0);
    assert!(street.rings().is_empty(), "{:?}", street.rings());
}

#[tokio::test(start_paused = true)]
async fn a_process_whose_neighbour_has_left_stops_to_look() {
    let Two { one, other, .. } = Two::new().await;
    let _watcher = one.watch();
    soon(other.supervisor.drain(Duration::ZERO)).await;
    seconds_pass(4.0).await;
    let looks = one.store.times(Operation::Whereabouts);
    seconds_pass(60.0).await;
    assert_eq!(one.store.times(Operation::Whereabouts), looks);
}

#[tokio::test(start_paused = true)]
async fn pairs_that_nobody_follows_are_not_looked_at() {
    let Two { one, other, .. } = Two::new().await;
    one.play(one.draft("hello"), "hi").await;
    seconds_pass(10.0).await;
    assert_eq!(one.store.times(Operation::Whereabouts), 0);
    let _watcher = other.watch();
    seconds_pass(10.0).await;
    let looks = one.store.times(Operation::Whereabouts);
    assert!((9..=11).contains(&looks), "{looks} looks");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_from_the_other_process_ends_with_the_words_that_were_saved() {
    let Two { one, other, .. } = Two::new().await;
    let (mut here, mut there) = (one.watch(), other.watch());
    let (turn, call) = one.hello().await;
    call.say("Once upon");
    seconds_pass(1.5).await;
    call.say(" a time");
    soon(other.supervisor.cancel(turn.turn_id)).await.unwrap();
    let expected = (EndStatus::Cancelled, None, "Once upon");
    assert_eq!(left(&one.ending(turn)), expected);
    let gone = tokio::time::timeout(Duration::from_secs(3), call.hung_up());
    assert!(gone.await.is_ok(), "the model speaks on");
    let end = here.until_over().await;
    assert_eq!(end.last().unwrap(), "4 done Cancelled");
    let end = there.until_over().await;
    assert_eq!(end.last().unwrap(), "4 done Cancelled");
    seconds_pass(30.0).await;
    assert_eq!(here.so_far().await, [""; 0]);
    assert_eq!(there.so_far().await, [""; 0]);
}

#[test]
fn a_run_of_a_process_that_dies_is_ended_by_the_other_and_heard_there() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().start_paused(true).build().unwrap()
    };
    // Each has a clock of its own; the lease is the first one's word, and only the second one's clock goes on.
    let (dying, living) = (runtime(), runtime());
    let street = Street::default();
    let neighbours = || Arc::new(street.clone());
    let (one, turn) = dying.block_on(async {
        let one = World::among(neighbours(), TurnLimits::default()).await;
        let (turn, call) = one.hello().await;
        call.say("Once upon");
        seconds_pass(1.5).await;
        (one, turn)
    });
    living.block_on(async {
        let other = one.beside_among(neighbours()).await;
        let mut there = other.watch();
        let since = Instant::now();
        dying.shutdown_background();
        let end = there.end_of_a_run().await;
        assert_eq!(end.status, EndStatus::Incomplete);
        let expected = (
            EndStatus::Incomplete,
            Some(EndReason::Abandoned),
            "Once upon",
        );
        assert_eq!(left(&other.ending(turn)), expected);
        let limits = TurnLimits::default();
        let took = since.elapsed();
        assert!(took <= limits.lease + limits.reaping * 2, "{took:?}");
        other.play(other.draft("where were we?"), "there").await;
    });
}

#[tokio::test(start_paused = true)]
async fn a_look_that_is_late_brings_no_run_back_that_has_ended() {
    let Two { one, other, street } = Two::new().await;
    let mut there = other.watch();
    let (_, call) = one.hello().await;
    call.say("Once upon");
    seconds_pass(1.5).await;
    there.so_far().await;
    street.lose_rings();
    // The next look of the other process sees her speak, and takes its time.
    let mut held = other.latches.hold(Door::Whereabouts);
    soon(held.is_done()).await;
    call.finish(Finish::Stop, None);
    seconds_pass(0.1).await;
    // Somebody else reads the log from the beginning, further than anybody there knew it goes.
    let mut reader = other.watch();
    reader.until_over().await;
    assert_eq!(
        there.so_far().await,
        ["3 updated hello", "4 done Completed"]
    );
    drop(held);
    seconds_pass(0.1).await;
    assert_eq!(reader.so_far().await, [""; 0]);
    assert_eq!(there.so_far().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_look_that_is_late_takes_nothing_back_that_was_published_since() {
    let Two { one, other, street } = Two::new().await;
    let scribe = one.scribe().await;
    seconds_pass(1.1).await;
    street.lose_rings();
    let mut watch = other.held_watch(other.head());
    let mut held = other.latches.hold(Door::Whereabouts);
    soon(held.is_done()).await;
    let news = scribe.write(3).await;
    other.publish(news[2..].to_vec()).await;
    drop(held);
    seconds_pass(0.01).await;
    let next = tokio::time::timeout(Duration::from_millis(100), watch.next()).await;
    let next = next.expect("it is known that there is more");
    assert_eq!(words(&next.expect("nothing is forgotten")), told(&news)[0]);
}

#[tokio::test(start_paused = true)]
async fn who_comes_after_the_end_is_shown_no_run_that_a_process_has_not_heard_the_end_of() {
    let Two { one, other, street } = Two::new().await;
    let _there = other.watch();
    let (_, call) = one.hello().await;
    call.say("Once upon");
    seconds_pass(1.2).await;
    street.lose_rings();
    call.finish(Finish::Stop, None);
    seconds_pass(0.01).await;
    let mut late = other.hub.watch(other.pair);
    late.start_after(other.head());
    assert_eq!(late.active(), None);
    let mut late = Watcher::of(late);
    seconds_pass(3.0).await;
    assert_eq!(late.so_far().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn who_comes_after_an_end_that_nobody_has_read_yet_is_shown_no_run_either() {
    let Two { one, other, street } = Two::new().await;
    let scribe = one.scribe().await;
    let _held = other.held_watch(other.head());
    let (_, call) = one.hello().await;
    call.say("Once upon");
    seconds_pass(1.2).await;
    assert!(other.held_watch(other.head()).active().is_some());
    street.lose_rings();
    call.finish(Finish::Stop, None);
    seconds_pass(0.01).await;
    // The end lies between what the other process knows and what happens there now.
    let news = scribe.write(1).await;
    other.publish(news).await;
    assert_eq!(other.held_watch(other.head()).active(), None);
}

#[tokio::test(start_paused = true)]
async fn who_comes_after_a_cancel_from_elsewhere_is_not_shown_the_run_at_its_own_process_either() {
    let Two { one, other, street } = Two::new().await;
    street.lose_rings();
    let (turn, call) = one.hello().await;
    call.say("Once upon");
    seconds_pass(1.2).await;
    soon(other.supervisor.cancel(turn.turn_id)).await.unwrap();
    let mut late = one.hub.watch(one.pair);
    late.start_after(one.head());
    assert_eq!(late.active(), None);
    let mut late = Watcher::of(late);
    seconds_pass(3.0).await;
    assert_eq!(late.so_far().await, [""; 0]);
    assert!(!call.is_listened_to());
}

#[tokio::test(start_paused = true)]
async fn a_street_that_can_not_be_reached_stops_no_turn() {
    let Two { one, other, street } = Two::new().await;
    street.close();
    let mut there = other.watch();
    let since = Instant::now();
    one.play(one.draft("hello"), "hi").await;
    there.until_over().await;
    let took = since.elapsed();
    assert!(took <= Duration::from_millis(1_100), "{took:?}");
    seconds_pass(20.0).await;
    street.open();
    one.play(one.draft("and?"), "well").await;
    there.until_over().await;
}

#[tokio::test(start_paused = true)]
async fn a_drained_process_is_no_neighbour_any_more() {
    let Two { one, street, .. } = Two::new().await;
    soon(one.supervisor.drain(Duration::ZERO)).await;
    assert_eq!(street.residents().len(), 1);
}
