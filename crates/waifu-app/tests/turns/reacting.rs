//! From an act to her words about it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join};
use tokio::time::Instant;
use waifu_app::ports::language_model::Finish;
use waifu_app::ports::store::{NewReaction, Store, StoreError, finish};
use waifu_app::ports::turn_store::TurnRef;
use waifu_app::turns::news::{Happening, Numbered};
use waifu_app::turns::{Done, Granter, NotBegun, Reaction, TurnLimits};
use waifu_domain::affection::Taste;
use waifu_domain::prompt::{Line, Occasion};
use waifu_domain::turn::{EndReason, EndStatus, Speaker};
use waifu_testkit::builders::{moment, reaction};
use waifu_testkit::fakes::{Fate, Operation};

use crate::world::{World, left, rows, seconds_pass, soon};

impl World {
    /// A gift between two who have met, and her turn, if she may answer. It takes a second to store.
    fn gift(
        &self,
    ) -> impl FnOnce(Granter) -> BoxFuture<'static, Result<Done<Option<TurnRef>>, StoreError>>
    + Send
    + use<> {
        let (store, relationship) = (self.store.clone(), self.relationship());
        let give = async move |granter: Granter| {
            seconds_pass(1.0).await;
            let mut news = Vec::new();
            let mut work = store.snapshot().await?;
            let granted = granter.grant(&mut *work).await;
            let granted = finish(work, granted).await?;
            let turn = granted.map(|grant| {
                let lease = grant.lease;
                let new = reaction(&relationship, grant.process, moment(0));
                let turn = store.start(&NewReaction {
                    lease,
                    ..new.clone()
                });
                news.push(started(relationship.head.seq + 1, turn, new));
                turn
            });
            let reaction = turn.map(|turn| Reaction {
                turn,
                occasion: a_gift(),
            });
            Ok(Done {
                outcome: turn,
                news,
                reaction,
            })
        };
        |granter| async move { give(granter).await }.boxed()
    }

    pub(crate) async fn give(&self) -> Option<TurnRef> {
        let given = soon(self.supervisor.perform(self.pair, self.gift())).await;
        given.expect("a gift is never refused")
    }
}

fn started(seq: u64, turn: TurnRef, new: NewReaction) -> Numbered {
    let happening = Happening::TurnStarted {
        turn_id: turn.turn_id,
        turn_no: turn.turn_no,
        run: turn.run,
        kind: new.kind,
        cause: Some(new.cause),
    };
    Numbered {
        seq,
        happening: Arc::new(happening),
    }
}

fn silent<T>(outcome: T) -> Done<T> {
    Done {
        outcome,
        news: Vec::new(),
        reaction: None,
    }
}

fn a_gift() -> Occasion {
    Occasion::Gift {
        name: "A paper crane".to_owned(),
        description: "Folded on the way here.".to_owned(),
        taste: Taste::Neutral,
    }
}

async fn one_at_once() -> World {
    World::with(TurnLimits {
        runs: 1,
        ..TurnLimits::default()
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn an_act_is_answered_once_it_is_stored() {
    let world = World::new().await;
    world.play(world.draft("hello"), "hi").await;
    let mut watcher = world.watch_from_now();
    let turn = world.give().await.expect("there is room");
    let call = soon(world.model.next_call()).await;
    let scene = &call.request.scene;
    assert_eq!(scene.occasion, a_gift());
    assert_eq!((scene.turn_id, scene.turn_no), (turn.turn_id, 2));
    let line = |speaker, text: &str| Line {
        speaker,
        text: text.to_owned(),
    };
    assert_eq!(
        scene.history,
        [line(Speaker::User, "hello"), line(Speaker::Waifu, "hi")]
    );
    call.say("for me?");
    call.finish(Finish::Stop, None);
    assert_eq!(
        watcher.until_over().await,
        ["5 started", "delta for me?", "6 done Completed"]
    );
    let ending = world.ending(turn);
    assert_eq!(left(&ending), (EndStatus::Completed, None, "for me?"));
    assert_eq!(rows(&ending), 0);
}

#[tokio::test(start_paused = true)]
async fn an_act_that_nobody_waits_for_is_done_and_answered() {
    let world = World::new().await;
    world.play(world.draft("hello"), "hi").await;
    let given = world.supervisor.perform(world.pair, world.gift());
    assert!(given.now_or_never().is_none(), "it can't be over so soon");
    let call = soon(world.model.next_call()).await;
    assert_eq!(call.request.scene.occasion, a_gift());
}

#[tokio::test(start_paused = true)]
async fn what_is_said_while_she_answers_an_act_is_busy() {
    let world = World::new().await;
    world.play(world.draft("hello"), "hi").await;
    let turn = world.give().await.expect("there is room");
    let call = soon(world.model.next_call()).await;
    let refused = world.supervisor.begin(world.draft("and?")).await;
    let Err(NotBegun::Busy(busy)) = refused else {
        panic!("expected busy, found {refused:?}");
    };
    assert_eq!(busy, turn);
    let mut watcher = world.watch_from_now();
    call.say("oh!");
    call.finish(Finish::Stop, None);
    watcher.until_over().await;
    world.play(world.draft("and?"), "well").await;
}

#[tokio::test(start_paused = true)]
async fn a_server_without_room_does_an_act_without_her_words() {
    let world = one_at_once().await;
    world.play(world.draft("hello"), "hi").await;
    let other = world.draft_of_another_user("me too");
    let mut watcher = world.watch_pair(other.pair);
    let (_, call) = world.begin(other).await;
    assert_eq!(world.give().await, None);
    assert_eq!(world.model.times_asked(), 2);
    drop(call);
    watcher.until_over().await;
    assert!(world.give().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn an_act_that_she_does_not_answer_leaves_its_place_to_others() {
    let world = one_at_once().await;
    let pair = world.pair;
    let quiet = |_| async { Ok::<_, StoreError>(silent(())) };
    soon(world.supervisor.perform(pair, quiet)).await.unwrap();
    let refused = |_| async { Err::<Done<()>, _>(StoreError::Failed("not today".into())) };
    let outcome = soon(world.supervisor.perform(pair, refused)).await;
    let Err(StoreError::Failed(why)) = outcome else {
        panic!("expected a refusal, found {outcome:?}");
    };
    assert_eq!(why.to_string(), "not today");
    world.play(world.draft("hello"), "hi").await;
    assert_eq!(world.model.times_asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_act_takes_no_place_before_it_asks_for_one() {
    let world = one_at_once().await;
    world.play(world.draft("hello"), "hi").await;
    let slow = |_| async {
        seconds_pass(60.0).await;
        Ok::<_, StoreError>(silent(()))
    };
    let waiting = world.supervisor.perform(world.pair, slow);
    assert!(waiting.now_or_never().is_none(), "it takes a minute");
    world.play(world.draft("and?"), "well").await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_whose_opening_can_not_be_read_is_left_to_a_reaper() {
    let world = World::new().await;
    world.play(world.draft("hello"), "hi").await;
    world.store.foretell(Operation::Opening, [Fate::Away]);
    let mut watcher = world.watch_from_now();
    let turn = world.give().await.expect("there is room");
    assert_eq!(watcher.until_over().await, ["5 started", "6 done Failed"]);
    let abandoned = (EndStatus::Failed, Some(EndReason::Abandoned), "");
    assert_eq!(left(&world.ending(turn)), abandoned);
    assert_eq!(world.model.times_asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_draining_server_waits_for_an_act_and_lets_nobody_answer_it() {
    let world = World::new().await;
    world.play(world.draft("hello"), "hi").await;
    // It is stored a second from now, when the server takes no new turns any more.
    let early = world.give();
    let drained = async {
        seconds_pass(0.5).await;
        let late = async {
            world.supervisor.draining().await;
            world.give().await
        };
        let grace = Duration::from_secs(10);
        let since = Instant::now();
        let ((), late) = join(world.supervisor.drain(grace), late).await;
        assert_eq!(late, None);
        since.elapsed().as_secs_f64()
    };
    let (early, took) = join(early, drained).await;
    assert_eq!(early, None);
    assert!((1.0..1.5).contains(&took), "{took} seconds");
}
