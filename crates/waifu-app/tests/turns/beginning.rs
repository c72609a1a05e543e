//! From a message to the moment when the model is asked.

use std::time::Duration;

use futures_util::FutureExt;
use tokio::runtime::Builder;
use tokio::time::timeout;
use waifu_app::ports::language_model::Finish;
use waifu_app::turns::{Begun, NotBegun, TurnDraft};
use waifu_domain::prompt::{Line, Occasion};
use waifu_domain::turn::Speaker;
use waifu_testkit::builders::message;
use waifu_testkit::fakes::{Fate, Operation};

use crate::world::{World, left, seconds_pass, soon};

#[tokio::test(start_paused = true)]
async fn while_the_model_is_asked_the_store_hears_nothing_but_heartbeats() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let (_, call) = world.hello().await;
    for _ in 0..10 {
        call.say("word ");
        seconds_pass(0.5).await;
        assert_eq!(world.store.open_snapshots(), 0);
    }
    call.finish(Finish::Stop, None);
    watcher.until_over().await;
    // The reaper and who forgets old events look around on their own account.
    let calls = world.store.calls().into_iter().map(|call| call.operation);
    let own = [Operation::Abandoned, Operation::Begin];
    let mut of_the_turn: Vec<_> = calls.filter(|o| !own.contains(o)).collect();
    of_the_turn.dedup();
    // The catalogue is read at the start, and again when she has said all.
    assert_eq!(
        of_the_turn,
        [
            Operation::Snapshot,
            Operation::Accept,
            Operation::Beat,
            Operation::Snapshot,
            Operation::Settle
        ]
    );
    assert_eq!(world.store.times(Operation::Accept), 1);
    assert_eq!(world.store.times(Operation::Settle), 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_sender_leaves_at_once_is_answered_and_settled() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let begin = world.supervisor.begin(world.draft("hello"));
    assert!(begin.now_or_never().is_none(), "it can't be over so soon");
    let call = soon(world.model.next_call()).await;
    call.say("hi");
    call.finish(Finish::Stop, None);
    let told = watcher.until_over().await;
    assert_eq!(told.last().unwrap(), "4 done Completed");
    let reply = &world.store.asked_to_settle()[0];
    assert_eq!(left(reply).2, "hi");
}

#[test]
fn a_run_outlives_the_runtime_of_the_door_that_began_it() {
    let runtime = || Builder::new_multi_thread().enable_time().build().unwrap();
    let (home, door) = (runtime(), runtime());
    let world = home.block_on(async { World::new().await });
    // Here the clock is a real one.
    let long = Duration::from_secs(20);
    let hello = async { timeout(long, world.hello()).await.unwrap() };
    let (turn, call) = door.block_on(hello);
    door.shutdown_background();
    home.block_on(async {
        let mut watcher = world.watch();
        call.say("hi");
        call.finish(Finish::Stop, None);
        timeout(long, watcher.until_over()).await.unwrap()
    });
    assert_eq!(left(&world.ending(turn)).2, "hi");
}

#[tokio::test(start_paused = true)]
async fn the_model_is_told_what_was_said_before_and_now() {
    let world = World::new().await;
    world.play(world.draft("hello"), "hi").await;
    let (turn, call) = world.begin(world.draft("how are you?")).await;
    let scene = &call.request.scene;
    let line = |speaker, text: &str| Line {
        speaker,
        text: text.to_owned(),
    };
    assert_eq!(
        scene.history,
        [line(Speaker::User, "hello"), line(Speaker::Waifu, "hi")]
    );
    let said = "how are you?".to_owned();
    assert_eq!(scene.occasion, Occasion::Chat { said });
    assert_eq!((scene.turn_id, scene.turn_no), (turn.turn_id, 2));
}

#[tokio::test(start_paused = true)]
async fn the_same_message_begins_once() {
    let world = World::new().await;
    let draft = world.draft("hello");
    let (turn, _call) = world.begin(draft.clone()).await;
    let again = world.supervisor.begin(draft.clone()).await.unwrap();
    assert_eq!(again, Begun::Duplicate(turn));
    let other_text = TurnDraft {
        text: message("goodbye"),
        ..draft
    };
    let refused = world.supervisor.begin(other_text).await;
    assert!(matches!(refused, Err(NotBegun::Mismatch)), "{refused:?}");
    let refused = world.supervisor.begin(world.draft("and?")).await;
    let Err(NotBegun::Busy(busy)) = refused else {
        panic!("expected busy, found {refused:?}");
    };
    assert_eq!(busy, turn);
    assert_eq!(world.model.times_asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_a_store_can_not_take_asks_no_model_and_tells_nobody() {
    let world = World::new().await;
    let mut watcher = world.watch();
    world.store.foretell(Operation::Accept, [Fate::Away]);
    let draft = world.draft("hello");
    let refused = world.supervisor.begin(draft.clone()).await;
    assert!(matches!(refused, Err(NotBegun::Store(_))), "{refused:?}");
    assert_eq!(world.model.times_asked(), 0);
    assert_eq!(watcher.so_far().await, [""; 0]);
    world.play(draft, "hi").await;
}
