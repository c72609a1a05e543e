//! A server that is told to stop.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;
use waifu_app::ports::language_model::Finish;
use waifu_app::turns::NotBegun;
use waifu_domain::turn::{EndReason, EndStatus};
use waifu_testkit::fakes::{Fate, Operation};

use crate::world::{World, left, seconds_pass, soon};

const GRACE: Duration = Duration::from_secs(10);

/// Starts to drain, and returns how long that took.
async fn drain(world: &World) -> JoinHandle<Duration> {
    let supervisor = world.supervisor.clone();
    let since = Instant::now();
    let draining = tokio::spawn(async move {
        supervisor.drain(GRACE).await;
        since.elapsed()
    });
    soon(world.supervisor.draining()).await;
    draining
}

async fn finished(draining: JoinHandle<Duration>) -> f64 {
    let took = soon(draining).await.expect("draining does not panic");
    took.as_secs_f64()
}

#[tokio::test(start_paused = true)]
async fn a_draining_server_takes_no_new_turn_and_lets_running_ones_end() {
    let world = World::new().await;
    let (turn, call) = world.hello().await;
    let draining = drain(&world).await;
    assert!(world.supervisor.is_draining());
    let late = world.draft_of_another_user("me too");
    let refused = world.supervisor.begin(late).await;
    assert!(matches!(refused, Err(NotBegun::Draining)), "{refused:?}");

    seconds_pass(5.0).await;
    assert!(!draining.is_finished());
    call.say("good night");
    call.finish(Finish::Stop, None);
    let took = finished(draining).await;
    assert!((4.9..5.1).contains(&took), "{took} seconds");
    let ending = world.ending(turn);
    assert_eq!(left(&ending), (EndStatus::Completed, None, "good night"));
    assert_eq!(world.store.times(Operation::Accept), 1);
}

#[tokio::test(start_paused = true)]
async fn when_the_grace_is_over_runs_are_cut_with_the_words_so_far() {
    let world = World::new().await;
    let (talking, call) = world.hello().await;
    call.say("good ");
    let other = world.draft_of_another_user("me too");
    let (silent, _call) = world.begin(other).await;
    let took = finished(drain(&world).await).await;
    assert!((10.0..10.1).contains(&took), "{took} seconds");
    assert!(!call.is_listened_to());
    let why = Some(EndReason::Draining);
    assert_eq!(
        left(&world.ending(talking)),
        (EndStatus::Incomplete, why, "good ")
    );
    assert_eq!(left(&world.ending(silent)), (EndStatus::Failed, why, ""));
}

#[tokio::test(start_paused = true)]
async fn draining_is_over_when_all_is_stored() {
    let world = World::new().await;
    let hiccups = [Fate::Away; 4];
    world.store.foretell(Operation::Settle, hiccups);
    let (turn, call) = world.hello().await;
    call.say("good ");
    finished(drain(&world).await).await;
    assert!(world.is_over(turn));
    assert_eq!(world.store.times(Operation::Settle), 5);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_stays_away_holds_no_draining_server_for_long() {
    let world = World::new().await;
    let (turn, call) = world.hello().await;
    call.say("good ");
    world.store.go_away();
    let took = finished(drain(&world).await).await;
    assert!((14.0..=17.5).contains(&took), "{took} seconds");
    assert!(!world.is_over(turn));
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_waits_for_the_store_already_is_stored_if_it_returns_in_time() {
    let world = World::new().await;
    let (turn, call) = world.hello().await;
    world.store.go_away();
    call.say("good night");
    call.finish(Finish::Stop, None);
    seconds_pass(30.0).await;
    let draining = drain(&world).await;
    seconds_pass(12.0).await;
    world.store.come_back();
    finished(draining).await;
    let ending = world.ending(turn);
    assert_eq!(left(&ending), (EndStatus::Completed, None, "good night"));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_holds_no_draining_server_for_long_either() {
    let world = World::new().await;
    let (turn, _call) = world.hello().await;
    world.store.foretell(Operation::Settle, [Fate::Hangs]);
    let took = finished(drain(&world).await).await;
    assert!(took <= 20.5, "{took} seconds");
    assert!(!world.is_over(turn));
}

#[tokio::test(start_paused = true)]
async fn a_drained_server_leaves_the_store_alone() {
    let world = World::new().await;
    world.play(world.draft("hello"), "hi").await;
    finished(drain(&world).await).await;
    // What was on its way may arrive.
    seconds_pass(0.1).await;
    let calls = world.store.calls().len();
    seconds_pass(60.0).await;
    assert_eq!(world.store.calls().len(), calls);
}

#[tokio::test(start_paused = true)]
async fn runs_are_kept_alive_while_a_server_drains() {
    let world = World::new().await;
    let (_, _call) = world.hello().await;
    let draining = drain(&world).await;
    seconds_pass(8.5).await;
    assert_eq!(world.store.times(Operation::Beat), 8);
    finished(draining).await;
}
