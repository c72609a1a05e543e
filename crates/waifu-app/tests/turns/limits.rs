//! How much runs at once, and who is answered all the same.

use futures_util::future::{join, join_all};
use waifu_app::turns::{Begun, NotBegun, TurnDraft, TurnLimits};
use waifu_domain::relationship::Pair;
use waifu_testkit::builders::{fresh, message};
use waifu_testkit::fakes::Operation;

use crate::world::{World, soon};

async fn one_at_once() -> World {
    World::with(TurnLimits {
        runs: 1,
        ..TurnLimits::default()
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn more_runs_than_the_server_allows_are_full_until_one_ends() {
    let world = one_at_once().await;
    let mut watcher = world.watch();
    let (_, call) = world.hello().await;
    let other = world.draft_of_another_user("me too");
    let refused = world.supervisor.begin(other.clone()).await;
    assert!(matches!(refused, Err(NotBegun::Full)), "{refused:?}");
    assert_eq!(world.store.times(Operation::Accept), 1);

    drop(call);
    watcher.until_over().await;
    world.play(other, "hi").await;
}

#[tokio::test(start_paused = true)]
async fn more_runs_than_one_user_may_have_are_full_for_that_user_alone() {
    let world = World::with(TurnLimits {
        runs_per_user: 1,
        ..TurnLimits::default()
    })
    .await;
    let mut watcher = world.watch();
    let (_, call) = world.hello().await;
    let refused = world.supervisor.begin(world.draft("and?")).await;
    assert!(
        matches!(refused, Err(NotBegun::FullForThisUser)),
        "{refused:?}"
    );
    let other = world.draft_of_another_user("me too");
    world.play(other, "hi").await;

    drop(call);
    watcher.until_over().await;
    world.play(world.draft("and?"), "yes").await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_run_gives_its_place_back() {
    let world = one_at_once().await;
    let mut watcher = world.watch();
    let (turn, _call) = world.hello().await;
    world.store.end_elsewhere(turn.turn_id);
    watcher.until_over().await;
    world.play(world.draft("again"), "hi").await;
}

#[tokio::test(start_paused = true)]
async fn what_the_store_refuses_takes_no_place() {
    let world = one_at_once().await;
    let nobody = Pair {
        waifu_id: fresh(),
        ..world.pair
    };
    for _ in 0..3 {
        let draft = TurnDraft {
            pair: nobody,
            ..world.draft("hello?")
        };
        let refused = world.supervisor.begin(draft).await;
        assert!(matches!(refused, Err(NotBegun::NoSuchWaifu)), "{refused:?}");
        tokio::task::yield_now().await;
    }
    world.play(world.draft("hello"), "hi").await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_accepted_before_is_answered_as_such_however_full_it_is() {
    let world = one_at_once().await;
    let draft = world.draft("hello");
    let (turn, call) = world.begin(draft.clone()).await;
    let again = world.supervisor.begin(draft.clone()).await.unwrap();
    assert_eq!(again, Begun::Duplicate(turn));
    let other_text = TurnDraft {
        text: message("goodbye"),
        ..draft.clone()
    };
    let refused = world.supervisor.begin(other_text).await;
    assert!(matches!(refused, Err(NotBegun::Mismatch)), "{refused:?}");

    drop(call);
    soon(world.supervisor.drain(std::time::Duration::ZERO)).await;
    let again = world.supervisor.begin(draft).await.unwrap();
    assert_eq!(again, Begun::Duplicate(turn));
    assert_eq!(world.store.open_snapshots(), 0);
    assert_eq!(world.model.times_asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn fifty_copies_of_one_message_at_once_are_one_turn_though_there_is_one_place() {
    let world = one_at_once().await;
    let draft = world.draft("hello");
    let copies = (0..50).map(|_| world.supervisor.begin(draft.clone()));
    let (answers, _call) = soon(join(join_all(copies), world.model.next_call())).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    let started = answers.iter().filter(|a| matches!(a, Begun::Started(_)));
    assert_eq!(started.count(), 1);
    assert_eq!(world.model.times_asked(), 1);
}
