//! Another answer to the latest turn, and the choice among her answers.

use std::time::Duration;

use futures_util::FutureExt;
use waifu_app::ports::clock::Clock;
use waifu_app::ports::language_model::{Finish, ModelError};
use waifu_app::ports::store::NewReaction;
use waifu_app::ports::turn_store::{TurnRef, TurnStore};
use waifu_app::turns::{NotBegun, TurnLimits};
use waifu_app::use_cases::page::PageLimit;
use waifu_app::use_cases::{ActError, HistoryMessage, Unseen};
use waifu_domain::prompt::Occasion;
use waifu_domain::relationship::Cause;
use waifu_domain::turn::{EndStatus, plain_text};
use waifu_testkit::builders::{answered, fresh, horizon, reaction, unmoved};

use crate::doors::Doors;
use crate::world::{World, left, rows, seconds_pass, soon};

impl World {
    pub(crate) async fn again(&self, turn: TurnRef) -> Result<TurnRef, ActError> {
        let doors = self.doors();
        soon(
            doors
                .acts
                .regenerate(doors.caller, doors.waifu, turn.turn_id, None),
        )
        .await
    }

    pub(crate) async fn first_turn(&self) -> TurnRef {
        self.play(self.draft("hello"), "hi").await.turn
    }

    /// A gift of another process, and what she said to it.
    async fn gift_of_another(&self, cause: Cause) -> TurnRef {
        let (process, now) = (fresh(), self.clock.now());
        let new = NewReaction {
            cause,
            ..reaction(&self.relationship(), process, now)
        };
        let turn = self.store.start(&new);
        let standing = self.store.standing(turn.turn_id, horizon(now)).await;
        let standing = standing.expect("the store is there").expect("it started");
        let append = unmoved(&standing.relationship, now);
        let settlement = answered(&standing, process, "for me?", append);
        self.store.settle(settlement).await.expect("it is there");
        turn
    }
}

async fn history(doors: &Doors) -> Vec<HistoryMessage> {
    let limit = PageLimit::default();
    let read = doors
        .history
        .execute(doors.caller, doors.waifu, None, limit);
    let mut page = soon(read).await.expect("it can be read");
    page.items.reverse();
    page.items
}

fn said(history: &[HistoryMessage]) -> Vec<String> {
    let said = history.iter().map(|told| plain_text(&told.message.parts));
    said.collect()
}

#[tokio::test(start_paused = true)]
async fn she_answers_the_latest_turn_again_as_if_she_had_not_yet() {
    let world = World::new().await;
    let turn = world.first_turn().await;
    let mut watcher = world.watch_from_now();
    let again = world.again(turn).await.expect("it is the latest");
    assert_eq!(again, TurnRef { run: 2, ..turn });
    let call = world.call().await;
    let scene = &call.request.scene;
    let said = "hello".to_owned();
    assert_eq!(scene.occasion, Occasion::Chat { said });
    assert_eq!((&scene.history[..], scene.run), (&[][..], 2));
    call.say("oh, hello!");
    call.finish(Finish::Stop, None);
    assert_eq!(
        watcher.until_over().await,
        ["5 started", "delta oh, hello!", "6 done Completed"]
    );
    // The first answer has moved affection already.
    let ending = world.ending(again);
    assert_eq!(left(&ending), (EndStatus::Completed, None, "oh, hello!"));
    assert_eq!(rows(&ending), 0);
    assert_eq!(world.relationship().affection.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_answer_after_one_that_failed_moves_affection() {
    let world = World::new().await;
    let mut watcher = world.watch();
    world.model.refuse(ModelError::Cut(None));
    let turn = world.start_turn(world.draft("hello")).await.turn;
    watcher.until_over().await;
    for times in 0..2 {
        let again = world.again(turn).await.expect("it is the latest");
        world.answer("hi").await;
        watcher.until_over().await;
        assert_eq!(rows(&world.ending(again)), usize::from(times == 0));
        assert_eq!(world.relationship().affection.get(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn her_answers_are_candidates_and_the_newest_one_stands_until_another_is_chosen() {
    let world = World::new().await;
    let doors = world.doors();
    let turn = world.first_turn().await;
    assert!(
        history(&doors)
            .await
            .iter()
            .all(|m| m.candidates.is_empty())
    );
    let mut watcher = world.watch_from_now();
    world.again(turn).await.expect("it is the latest");
    world.answer("oh, hello!").await;
    watcher.until_over().await;

    let shown = history(&doors).await;
    assert_eq!(said(&shown), ["hello", "oh, hello!"]);
    assert!(shown[0].candidates.is_empty());
    let candidates = shown[1].candidates.iter().map(|c| (c.run, c.is_chosen));
    assert!(candidates.eq([(1, false), (2, true)]));

    let choose = |run| {
        let acts = &doors.acts;
        acts.choose_answer(doors.caller, doors.waifu, turn.turn_id, run)
    };
    let chosen = soon(choose(1)).await.expect("she said it");
    assert_eq!(plain_text(&chosen.message.parts), "hi");
    assert_eq!(watcher.so_far().await, ["7 chosen 1"]);
    assert_eq!(said(&history(&doors).await), ["hello", "hi"]);
    // Once more changes nothing, and tells nobody.
    soon(choose(1)).await.expect("she said it");
    assert_eq!(watcher.so_far().await, [""; 0]);
    let never = soon(choose(3)).await;
    assert!(matches!(never, Err(ActError::NotThere(_))), "{never:?}");
    assert_eq!(world.relationship().affection.get(), 3);

    // What was chosen is what she remembers.
    let (_, call) = world.begin(world.draft("and?")).await;
    let remembered = call.request.scene.history.iter().map(|line| &*line.text);
    assert!(remembered.eq(["hello", "hi"]));
    let busy = soon(choose(2)).await;
    assert!(matches!(busy, Err(ActError::Busy(_))), "{busy:?}");
    call.finish(Finish::Stop, None);
    watcher.until_over().await;
    let late = soon(choose(2)).await;
    assert!(matches!(late, Err(ActError::NotTheLatest)), "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn only_the_latest_turn_that_nobody_answers_now_can_be_answered_again() {
    let world = World::new().await;
    let first = world.first_turn().await;
    let (second, call) = world.begin(world.draft("and?")).await;
    for turn in [first, second] {
        let refused = world.again(turn).await;
        let Err(ActError::Busy(busy)) = refused else {
            panic!("expected busy, found {refused:?}");
        };
        assert_eq!(busy, second);
    }
    call.say("well");
    call.finish(Finish::Stop, None);
    seconds_pass(0.5).await;
    let refused = world.again(first).await;
    assert!(
        matches!(refused, Err(ActError::NotTheLatest)),
        "{refused:?}"
    );
    let unknown = TurnRef {
        turn_id: fresh(),
        ..first
    };
    let refused = world.again(unknown).await;
    assert!(
        matches!(refused, Err(ActError::NotThere("turn"))),
        "{refused:?}"
    );
    assert_eq!(world.model.times_asked(), 2);
    assert!(world.again(second).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn whoever_is_gone_or_was_never_met_answers_nothing() {
    let world = World::new().await;
    let turn = world.first_turn().await;
    let doors = world.doors();
    let stranger = waifu_app::caller::Caller {
        user_id: fresh(),
        ..doors.caller
    };
    let refused = soon(
        doors
            .acts
            .regenerate(stranger, doors.waifu, turn.turn_id, None),
    )
    .await;
    assert!(matches!(refused, Err(ActError::NotThere(_))), "{refused:?}");
    let refused = soon(
        doors
            .acts
            .regenerate(doors.caller, fresh(), turn.turn_id, None),
    )
    .await;
    let not_found = matches!(refused, Err(ActError::Unseen(Unseen::NotFound)));
    assert!(not_found, "{refused:?}");
    world.desk.let_her_go(world.clock.now());
    let refused = world.again(turn).await;
    let gone = matches!(refused, Err(ActError::Unseen(Unseen::Gone)));
    assert!(gone, "{refused:?}");
    assert_eq!(world.model.times_asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_full_or_stops_begins_no_other_answer() {
    let limits = TurnLimits {
        runs: 1,
        ..TurnLimits::default()
    };
    let world = World::with(limits).await;
    let turn = world.first_turn().await;
    let other = world.draft_of_another_user("me too");
    let (_, call) = world.begin(other).await;
    let refused = world.again(turn).await;
    let full = matches!(refused, Err(ActError::NotBegun(NotBegun::Full)));
    assert!(full, "{refused:?}");
    drop(call);
    seconds_pass(1.0).await;
    world.supervisor.drain(Duration::ZERO).await;
    let refused = world.again(turn).await;
    let draining = matches!(refused, Err(ActError::NotBegun(NotBegun::Draining)));
    assert!(draining, "{refused:?}");
    assert_eq!(world.head(), 4, "nothing was written");
}

#[tokio::test(start_paused = true)]
async fn a_gift_can_be_answered_again_as_it_is_described_now() {
    let world = World::new().await;
    world.first_turn().await;
    let gift = |gift: &str| Cause::Gift {
        gift: waifu_testkit::builders::slug(gift),
        for_birthday: false,
    };
    let turn = world.gift_of_another(gift("crane")).await;
    let again = world.again(turn).await.expect("it is the latest");
    let call = world.call().await;
    let Occasion::Gift { name, .. } = &call.request.scene.occasion else {
        panic!("she was given something");
    };
    assert_eq!(name, "A paper crane");
    assert_eq!(call.request.scene.history.len(), 2);
    call.say("so beautiful");
    call.finish(Finish::Stop, None);
    seconds_pass(0.5).await;
    assert_eq!(left(&world.ending(again)).2, "so beautiful");

    let unknown = world.gift_of_another(gift("nothing-any-more")).await;
    let refused = world.again(unknown).await;
    assert!(matches!(refused, Err(ActError::NotThere(_))), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn another_answer_is_given_though_nobody_waits_for_it_any_more() {
    let world = World::new().await;
    let turn = world.first_turn().await;
    let mut watcher = world.watch_from_now();
    let doors = world.doors();
    let asked = doors
        .acts
        .answer_again(doors.caller, doors.waifu, turn.turn_id, None);
    assert!(asked.now_or_never().is_none(), "it can't be over so soon");
    world.answer("oh, hello!").await;
    let told = watcher.until_over().await;
    assert_eq!(told.last().unwrap(), "6 done Completed");
}
