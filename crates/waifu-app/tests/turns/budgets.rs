//! What users may spend on a day, and what becomes of who has spent it.

use std::num::NonZeroU64;
use std::time::Duration;

use waifu_app::ports::clock::Clock;
use waifu_app::ports::language_model::{Finish, ModelError};
use waifu_app::ports::store::Day;
use waifu_app::turns::{Begun, NotBegun, TurnDraft, TurnLimits};
use waifu_app::use_cases::ActError;
use waifu_domain::turn::Usage;
use waifu_testkit::builders::message;
use waifu_testkit::fakes::{ModelCall, Operation};

use crate::reaping::dead_run;
use crate::world::{World, seconds_pass, soon};

/// The world's clock stands at 18:00:00.123456.
const UNTIL_MIDNIGHT: Duration = Duration::from_micros(6 * 3_600_000_000 - 123_456);

async fn a_budget_of(tokens: u64) -> World {
    World::with(TurnLimits {
        tokens_per_user_and_day: NonZeroU64::new(tokens),
        ..TurnLimits::default()
    })
    .await
}

impl World {
    fn spent(&self) -> u64 {
        let today = Day::of(self.clock.now());
        self.store.spent(self.pair.user_id, today)
    }

    /// A turn for which the provider counts so many tokens.
    async fn pay(&self, prompt_tokens: u32, completion_tokens: u32) {
        let mut watcher = self.watch_from_now();
        let (_, call) = self.hello().await;
        call.say("hi");
        let usage = Usage {
            prompt_tokens,
            completion_tokens,
        };
        call.finish(Finish::Stop, Some(usage));
        watcher.until_over().await;
    }

    async fn begins(&self) -> Result<ModelCall, NotBegun> {
        soon(self.supervisor.begin(self.draft("and?"))).await?;
        Ok(self.call().await)
    }

    fn tomorrow_comes(&self) {
        let left = UNTIL_MIDNIGHT.try_into().expect("six hours");
        self.clock.advance(left);
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_spent_his_budget_is_refused_until_the_next_day() {
    let world = a_budget_of(100).await;
    world.pay(90, 9).await;
    assert_eq!(world.spent(), 99);
    world.pay(1, 1).await;
    let refused = world.begins().await;
    let Err(NotBegun::BudgetSpent { retry_after }) = refused else {
        panic!("expected that the budget is spent, found {refused:?}");
    };
    assert_eq!(retry_after, UNTIL_MIDNIGHT);
    assert_eq!(world.model.times_asked(), 2);
    let accepted = world.store.times(Operation::Accept);
    assert_eq!(accepted, 2, "nothing more was accepted");
    world
        .play(world.draft_of_another_user("me too"), "hi")
        .await;

    world.tomorrow_comes();
    drop(world.begins().await.expect("it is another day"));
    assert_eq!(world.store.open_snapshots(), 0);
}

#[tokio::test(start_paused = true)]
async fn without_a_budget_nothing_is_asked_and_nothing_counted() {
    let world = World::new().await;
    let snapshots = world.store.times(Operation::Snapshot);
    world.pay(90, 9).await;
    assert_eq!(world.store.times(Operation::Snapshot), snapshots);
    let settled = world.store.asked_to_settle();
    assert!(settled.iter().all(|one| one.spent.is_none()));
}

#[tokio::test(start_paused = true)]
async fn what_was_accepted_before_is_answered_as_such_however_little_is_left() {
    let world = a_budget_of(1).await;
    let draft = world.draft("hello");
    let turn = world.play(draft.clone(), "hi").await.turn;
    let again = world.supervisor.begin(draft.clone()).await.unwrap();
    assert_eq!(again, Begun::Duplicate(turn));
    let other_text = TurnDraft {
        text: message("goodbye"),
        ..draft
    };
    let refused = world.supervisor.begin(other_text).await;
    assert!(matches!(refused, Err(NotBegun::Mismatch)), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn an_act_stands_without_words_when_the_budget_is_spent() {
    let world = a_budget_of(1).await;
    world.first_turn().await;
    assert_eq!(world.give().await, None);
    world.tomorrow_comes();
    assert!(world.give().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn the_latest_turn_is_not_answered_again_when_the_budget_is_spent() {
    let world = a_budget_of(1).await;
    let turn = world.first_turn().await;
    let refused = world.again(turn).await;
    let Err(ActError::NotBegun(NotBegun::BudgetSpent { retry_after })) = refused else {
        panic!("expected that the budget is spent, found {refused:?}");
    };
    assert_eq!(retry_after, UNTIL_MIDNIGHT);
    world.tomorrow_comes();
    world.again(turn).await.expect("it is another day");
}

#[tokio::test(start_paused = true)]
async fn what_no_provider_counted_is_estimated_from_prompt_and_words() {
    let world = a_budget_of(1_000_000).await;
    let (_, call) = world.hello().await;
    let prompt = &call.request.prompt;
    let bytes: usize = prompt.messages.iter().map(|one| one.text.len()).sum();
    let mut watcher = world.watch_from_now();
    call.say("twelve bytes");
    call.finish(Finish::Stop, None);
    watcher.until_over().await;
    let (spent, least) = (world.spent(), bytes as u64 / 2 + 6);
    assert!((least..least + 100).contains(&spent), "{spent} of {least}");
}

#[tokio::test(start_paused = true)]
async fn words_that_were_cut_short_are_paid_and_calls_that_were_refused_are_not() {
    let world = a_budget_of(1_000_000).await;
    world.model.refuse(ModelError::ContextLength);
    let mut watcher = world.watch();
    world.start_turn(world.draft("hello")).await;
    watcher.until_over().await;
    assert_eq!(world.spent(), 0);

    let mut watcher = world.watch_from_now();
    let (turn, call) = world.hello().await;
    call.say("Once upon");
    seconds_pass(1.0).await;
    world.supervisor.cancel(turn.turn_id).await.unwrap();
    watcher.until_over().await;
    // The system's message alone is longer than her words.
    assert!(world.spent() > 50, "{}", world.spent());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_its_process_left_is_paid_by_who_ends_it() {
    let world = a_budget_of(1_000_000).await;
    let mut watcher = world.watch();
    dead_run(&world, world.pair, "Once upon a").await;
    watcher.until_over().await;
    assert!(world.spent() > 50, "{}", world.spent());
}

#[tokio::test(start_paused = true)]
async fn what_was_spent_is_forgotten_when_the_next_day_is_over() {
    let world = a_budget_of(100).await;
    world.pay(90, 9).await;
    let that_day = Day::of(world.clock.now());
    let kept = || world.store.spent(world.pair.user_id, that_day);
    world.clock.advance(time::Duration::DAY);
    seconds_pass(700.0).await;
    assert_eq!(kept(), 99);
    world.clock.advance(time::Duration::DAY);
    seconds_pass(700.0).await;
    assert_eq!(kept(), 0);
}
