//! A call that brings no word: whether it is repeated, how soon, and what is said of it in the end.

use std::time::Duration;

use tokio::time::Instant;
use waifu_app::ports::language_model::{BoxError, Finish, ModelError, Phase};
use waifu_app::turns::TurnLimits;
use waifu_app::turns::news::TurnDone;
use waifu_domain::turn::{EndReason, EndStatus, Speaker};

use crate::watcher::Watcher;
use crate::world::{World, left, seconds_pass, soon};

fn error() -> BoxError {
    "the test's provider".into()
}

fn unreachable() -> ModelError {
    ModelError::Unreachable(error())
}

fn timed_out(phase: Phase) -> ModelError {
    let waited = Duration::from_secs(30);
    ModelError::TimedOut { phase, waited }
}

fn refused(status: u16) -> ModelError {
    let source = None;
    ModelError::Refused { status, source }
}

fn no_room(seconds: Option<u64>) -> ModelError {
    let retry_after = seconds.map(Duration::from_secs);
    ModelError::RateLimited { retry_after }
}

struct Fault {
    error: fn() -> ModelError,
    reason: EndReason,
    /// How often a provider that always fails like this is called for one message.
    calls: usize,
}

fn faults() -> Vec<Fault> {
    let fault = |error, reason, calls| Fault {
        error,
        reason,
        calls,
    };
    vec![
        fault(unreachable, EndReason::ProviderUnavailable, 3),
        fault(|| no_room(None), EndReason::ProviderUnavailable, 3),
        fault(|| refused(408), EndReason::ProviderFailed, 3),
        fault(|| refused(500), EndReason::ProviderFailed, 3),
        fault(|| refused(503), EndReason::ProviderFailed, 3),
        fault(|| timed_out(Phase::Connect), EndReason::ProviderTimeout, 3),
        fault(
            || timed_out(Phase::FirstWord),
            EndReason::ProviderTimeout,
            1,
        ),
        fault(|| timed_out(Phase::NextWord), EndReason::ProviderTimeout, 1),
        fault(|| refused(400), EndReason::ProviderFailed, 1),
        fault(|| refused(401), EndReason::ProviderFailed, 1),
        fault(|| refused(404), EndReason::ProviderFailed, 1),
        // There is nothing to leave out of a first message.
        fault(|| ModelError::ContextLength, EndReason::ProviderFailed, 1),
        fault(
            || ModelError::Malformed(error()),
            EndReason::ProviderFailed,
            1,
        ),
        fault(|| ModelError::Cut(None), EndReason::Cut, 1),
    ]
}

/// One message to a provider who fails so often, and its end.
async fn fail(world: &World, watcher: &mut Watcher, errors: Vec<ModelError>) -> TurnDone {
    for error in errors {
        world.model.refuse(error);
    }
    world.start_turn(world.draft("hello")).await;
    watcher.end_of_a_run().await
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_word_is_repeated_twice_at_most_and_only_if_that_may_help() {
    for Fault {
        error,
        reason,
        calls,
    } in faults()
    {
        let world = World::new().await;
        let mut watcher = world.watch();
        let done = fail(&world, &mut watcher, vec![error(), error(), error()]).await;
        assert_eq!(world.model.times_asked(), calls, "{:?}", error());
        let ended = (done.status, done.reason, done.retry_after_ms);
        assert_eq!(ended, (EndStatus::Failed, Some(reason), None));
        assert!(done.message.is_none());
        assert_eq!(world.relationship().affection.get(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_brought_a_word_is_never_repeated() {
    for Fault { error, reason, .. } in faults() {
        let world = World::new().await;
        let mut watcher = world.watch();
        let (turn, call) = world.hello().await;
        call.say("Well, ");
        call.fail(error());
        let done = watcher.end_of_a_run().await;
        assert_eq!(world.model.times_asked(), 1, "{:?}", error());
        assert_eq!(done.retry_after_ms, None);
        let expected = (EndStatus::Incomplete, Some(reason), "Well, ");
        assert_eq!(left(&world.ending(turn)), expected);
        assert_eq!(world.relationship().affection.get(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_fails_before_its_first_word_is_repeated_as_well() {
    let world = World::new().await;
    let (turn, call) = world.hello().await;
    call.fail(refused(502));
    let again = world.call().await;
    again.say("hi");
    again.finish(Finish::Stop, None);
    seconds_pass(1.0).await;
    let expected = (EndStatus::Completed, None, "hi");
    assert_eq!(left(&world.ending(turn)), expected);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_succeeds_at_the_third_time_is_a_whole_answer() {
    let world = World::new().await;
    let mut watcher = world.watch();
    world.model.refuse(unreachable());
    world.model.refuse(refused(503));
    let (turn, call) = world.hello().await;
    call.say("here I am");
    call.finish(Finish::Stop, None);
    watcher.until_over().await;
    let expected = (EndStatus::Completed, None, "here I am");
    assert_eq!(left(&world.ending(turn)), expected);
    assert_eq!(world.model.times_asked(), 3);
    assert_eq!(world.relationship().affection.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_anything_up_to_half_a_second_and_the_next_one_up_to_twice_that() {
    let mut pauses = (Vec::new(), Vec::new());
    for n in 0..8_u64 {
        let world = World::new().await;
        // The ids are the dice: they count, and these two bytes of one are as good as any.
        for _ in 0..n * 8_000 {
            let _ = waifu_app::ports::ids::IdSource::new_id(&*world.ids);
        }
        let (_, call) = world.hello().await;
        let since = Instant::now();
        call.fail(unreachable());
        let second = world.call().await;
        let first_pause = since.elapsed();
        let since = Instant::now();
        second.fail(unreachable());
        let _third = world.call().await;
        pauses.0.push(first_pause.as_millis());
        pauses.1.push(since.elapsed().as_millis());
    }
    let (first, second) = pauses;
    assert!(first.iter().all(|pause| *pause <= 501), "{first:?}");
    assert!(second.iter().all(|pause| *pause <= 1_001), "{second:?}");
    // Full jitter: they lie all over.
    assert!(first.iter().any(|pause| *pause < 100), "{first:?}");
    assert!(first.iter().any(|pause| *pause > 400), "{first:?}");
    assert!(second.iter().any(|pause| *pause < 200), "{second:?}");
    assert!(second.iter().any(|pause| *pause > 800), "{second:?}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_who_says_when_is_left_alone_until_then() {
    let world = World::new().await;
    let (_, call) = world.hello().await;
    let since = Instant::now();
    call.fail(no_room(Some(10)));
    let _again = world.call().await;
    let waited = since.elapsed().as_secs_f64();
    assert!((10.0..=10.6).contains(&waited), "{waited} seconds");
}

#[tokio::test(start_paused = true)]
async fn a_provider_who_wants_more_than_ten_seconds_is_not_waited_for_and_it_is_told() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let since = Instant::now();
    let done = fail(&world, &mut watcher, vec![no_room(Some(11))]).await;
    assert_eq!(since.elapsed(), Duration::ZERO);
    assert_eq!(world.model.times_asked(), 1);
    let ended = (done.reason, done.retry_after_ms);
    assert_eq!(ended, (Some(EndReason::ProviderUnavailable), Some(11_000)));
}

#[tokio::test(start_paused = true)]
async fn who_reads_the_log_later_learns_when_to_come_again_as_well() {
    let world = World::new().await;
    let mut watcher = world.watch();
    fail(&world, &mut watcher, vec![no_room(Some(11))]).await;
    let beside = world.beside().await;
    let mut late = beside.watch();
    beside.play(beside.draft("and now?"), "hi").await;
    assert_eq!(late.end_of_a_run().await.retry_after_ms, Some(11_000));
}

#[tokio::test(start_paused = true)]
async fn five_failures_in_a_row_close_the_provider_for_a_while_and_one_call_tries_it_again() {
    let world = World::new().await;
    let mut watcher = world.watch();
    for _ in 0..4 {
        let done = fail(&world, &mut watcher, vec![ModelError::Cut(None)]).await;
        assert_eq!(done.retry_after_ms, None);
    }
    let fifth = fail(&world, &mut watcher, vec![unreachable()]).await;
    assert_eq!(
        fifth.retry_after_ms,
        Some(5_000),
        "it is open, and not repeated"
    );
    assert_eq!(world.model.times_asked(), 5);

    seconds_pass(2.0).await;
    let since = Instant::now();
    let refused = fail(&world, &mut watcher, Vec::new()).await;
    assert_eq!(since.elapsed(), Duration::ZERO);
    assert_eq!(world.model.times_asked(), 5);
    assert_eq!(refused.status, EndStatus::Failed);
    assert_eq!(refused.reason, Some(EndReason::ProviderUnavailable));
    let after = refused.retry_after_ms.expect("it says when");
    assert!((2_990..=3_000).contains(&after), "{after} ms");

    seconds_pass(3.0).await;
    let (_, probe) = world.hello().await;
    let other = world.draft_of_another_user("me too");
    let mut others = world.watch_pair(other.pair);
    world.start_turn(other).await;
    let refused = others.end_of_a_run().await;
    assert_eq!(refused.reason, Some(EndReason::ProviderUnavailable));
    assert_eq!(world.model.times_asked(), 6, "one call tries");

    probe.say("back again");
    probe.finish(Finish::Stop, None);
    watcher.until_over().await;
    world
        .play(world.draft_of_another_user("and now?"), "yes")
        .await;
    world.play(world.draft("and now?"), "yes").await;
}

#[tokio::test(start_paused = true)]
async fn a_first_word_counts_the_failures_anew_though_the_reply_breaks_off() {
    let world = World::new().await;
    let mut watcher = world.watch();
    for _ in 0..3 {
        for _ in 0..4 {
            fail(&world, &mut watcher, vec![ModelError::Cut(None)]).await;
        }
        let (_, call) = world.hello().await;
        call.say("Well, ");
        call.fail(ModelError::Cut(None));
        assert_eq!(watcher.end_of_a_run().await.retry_after_ms, None);
    }
    assert_eq!(world.model.times_asked(), 15);
}

#[tokio::test(start_paused = true)]
async fn a_provider_who_refuses_what_is_asked_is_well() {
    let world = World::new().await;
    let mut watcher = world.watch();
    for _ in 0..10 {
        let done = fail(&world, &mut watcher, vec![refused(400)]).await;
        assert_eq!(done.retry_after_ms, None);
    }
    assert_eq!(world.model.times_asked(), 10);
}

#[tokio::test(start_paused = true)]
async fn once_the_budget_is_spent_no_call_is_repeated() {
    let world = World::new().await;
    let mut watcher = world.watch();
    // Ten repetitions are paid for, and every call earns a tenth of one.
    for _ in 0..5 {
        let errors = vec![unreachable(), unreachable(), refused(400)];
        fail(&world, &mut watcher, errors).await;
    }
    assert_eq!(world.model.times_asked(), 15);
    fail(&world, &mut watcher, vec![unreachable(), refused(400)]).await;
    assert_eq!(world.model.times_asked(), 17, "the one that was earned");
    fail(&world, &mut watcher, vec![unreachable()]).await;
    assert_eq!(world.model.times_asked(), 18, "nothing is left");
}

#[tokio::test(start_paused = true)]
async fn a_prompt_that_is_too_long_is_tried_once_more_without_its_older_half() {
    let world = World::new().await;
    for n in 0..3 {
        world
            .play(world.draft(&format!("question {n}")), "answer")
            .await;
    }
    let mut watcher = world.watch_from_now();
    let (_, call) = world.hello().await;
    let whole = call.request.scene.history.clone();
    assert_eq!(whole.len(), 6);
    let since = Instant::now();
    call.fail(ModelError::ContextLength);
    let again = world.call().await;
    assert_eq!(since.elapsed(), Duration::ZERO);
    assert_eq!(again.request.scene.history, whole[3..]);
    assert_eq!(again.request.scene.occasion.said(), "hello");
    assert!(!again.request.prompt.messages.is_empty());
    again.fail(ModelError::ContextLength);
    let done = watcher.end_of_a_run().await;
    assert_eq!(done.reason, Some(EndReason::ProviderFailed));
    assert_eq!(world.model.times_asked(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_prompt_that_was_cut_is_answered_like_any_other() {
    let world = World::new().await;
    world.play(world.draft("hello"), "hi").await;
    let (turn, call) = world.begin(world.draft("and?")).await;
    call.fail(ModelError::ContextLength);
    let again = world.call().await;
    let speakers = again.request.scene.history.iter().map(|line| line.speaker);
    assert!(speakers.eq([Speaker::Waifu]));
    again.say("well");
    again.finish(Finish::Stop, None);
    seconds_pass(1.0).await;
    assert_eq!(left(&world.ending(turn)).2, "well");
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_a_whole_reply_counts_its_repetitions_too() {
    let world = World::with(TurnLimits {
        whole_reply: Duration::from_secs(12),
        ..TurnLimits::default()
    })
    .await;
    let mut watcher = world.watch();
    let since = Instant::now();
    let (_, call) = world.hello().await;
    seconds_pass(5.0).await;
    call.fail(no_room(Some(5)));
    let again = world.call().await;
    let done = watcher.end_of_a_run().await;
    soon(again.hung_up()).await;
    assert_eq!(done.reason, Some(EndReason::ProviderTimeout));
    let took = since.elapsed().as_secs_f64();
    assert!((11.9..=12.1).contains(&took), "{took} seconds");
}
