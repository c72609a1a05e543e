//! A message whose acceptance was not answered by the store.

use std::time::Duration;

use tokio::time::Instant;
use waifu_app::ports::language_model::Finish;
use waifu_app::turns::{Begun, NotBegun};
use waifu_domain::turn::EndStatus;
use waifu_testkit::fakes::{Fate, Operation};

use crate::latch::Door;
use crate::world::{World, left, seconds_pass, soon};

#[tokio::test(start_paused = true)]
async fn an_acceptance_that_came_through_unanswered_is_recognised_and_answered() {
    let world = World::new().await;
    let mut watcher = world.watch();
    world.store.foretell(Operation::Accept, [Fate::AnswerLost]);
    let draft = world.draft("hello");
    let (turn, call) = world.begin(draft.clone()).await;
    call.say("hi");
    call.finish(Finish::Stop, None);
    assert_eq!(
        watcher.until_over().await,
        [
            "1 accepted",
            "2 started",
            "delta hi",
            "3 updated hello",
            "4 done Completed"
        ]
    );
    assert_eq!(left(&world.ending(turn)).0, EndStatus::Completed);
    let again = world.supervisor.begin(draft).await.unwrap();
    assert_eq!(again, Begun::Duplicate(turn));
    assert_eq!(world.model.times_asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn it_is_looked_for_more_than_once() {
    let world = World::new().await;
    world.store.foretell(Operation::Accept, [Fate::AnswerLost]);
    world.store.foretell(Operation::Opening, [Fate::Away; 2]);
    let since = Instant::now();
    let (_, _call) = world.hello().await;
    let took = since.elapsed();
    assert!(took >= Duration::from_millis(600), "{took:?}");
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_not_accepted_is_an_error_and_nobody_speaks() {
    let world = World::new().await;
    let mut watcher = world.watch();
    world.store.foretell(Operation::Accept, [Fate::Away]);
    let draft = world.draft("hello");
    let failed = soon(world.supervisor.begin(draft.clone())).await;
    assert!(matches!(failed, Err(NotBegun::Store(_))), "{failed:?}");
    seconds_pass(30.0).await;
    assert_eq!(world.model.times_asked(), 0);
    assert_eq!(watcher.so_far().await, [""; 0]);
    world.play(draft, "hi").await;
}

#[tokio::test(start_paused = true)]
async fn an_acceptance_that_the_store_refused_is_not_looked_for() {
    let world = World::new().await;
    world.store.foretell(Operation::Accept, [Fate::Broken]);
    let since = Instant::now();
    let failed = soon(world.supervisor.begin(world.draft("hello"))).await;
    assert!(matches!(failed, Err(NotBegun::Store(_))), "{failed:?}");
    assert_eq!(since.elapsed(), Duration::ZERO);
    assert_eq!(world.store.times(Operation::Opening), 0);
}

#[tokio::test(start_paused = true)]
async fn an_acceptance_that_can_not_be_found_out_about_leaves_no_run_behind() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let since = Instant::now();
    world.store.foretell(Operation::Accept, [Fate::AnswerLost]);
    world.store.foretell(Operation::Opening, [Fate::Away; 3]);
    let draft = world.draft("hello");
    let failed = soon(world.supervisor.begin(draft.clone())).await;
    assert!(matches!(failed, Err(NotBegun::Store(_))), "{failed:?}");
    let again = world.supervisor.begin(draft).await.unwrap();
    assert!(matches!(again, Begun::Duplicate(_)), "{again:?}");
    assert_eq!(
        watcher.until_over().await,
        ["1 accepted", "2 started", "3 done Failed"]
    );
    let gone = since.elapsed().as_secs();
    assert!(gone < 20, "{gone} seconds");
    world.play(world.draft("hello?"), "hi").await;
}

#[tokio::test(start_paused = true)]
async fn what_happens_between_an_acceptance_and_its_recognition_takes_no_number_from_it() {
    let world = World::new().await;
    let scribe = world.scribe().await;
    let from = world.head();
    let mut watcher = world.watch_from_now();
    world.store.foretell(Operation::Accept, [Fate::AnswerLost]);
    let begin = world.start_turn(world.draft("and?"));
    let meanwhile = async {
        seconds_pass(0.05).await;
        scribe.write(3).await
    };
    let (started, written) = futures_util::future::join(begin, meanwhile).await;
    assert_eq!(written[0].seq, from + 3, "the turn was accepted by then");
    assert_eq!(started.seq, from + 2);
    let mut own = world.hub.watch(world.pair);
    own.start_after(started.seq - 2);
    let mut own = crate::watcher::Watcher::of(own);
    let call = world.call().await;
    call.finish(Finish::Stop, None);
    let told = watcher.until_over().await;
    assert_eq!(told[0], format!("{} accepted", from + 1));
    assert_eq!(told[1], format!("{} started", from + 2));
    assert_eq!(told[2..5], crate::scribe::told(&written));
    assert_eq!(own.until_over().await, told);
}

#[tokio::test(start_paused = true)]
async fn a_sender_who_leaves_while_the_store_is_silent_is_answered_all_the_same() {
    let world = World::new().await;
    let mut held = world.latches.hold(Door::Accept);
    let begin = tokio::spawn({
        let (supervisor, draft) = (world.supervisor.clone(), world.draft("hello"));
        async move { supervisor.begin(draft).await }
    });
    soon(held.is_done()).await;
    begin.abort();
    drop(held);
    let mut watcher = world.watch();
    let call = world.call().await;
    call.say("hi");
    call.finish(Finish::Stop, None);
    let told = watcher.until_over().await;
    assert_eq!(told.last().unwrap(), "4 done Completed");
}
