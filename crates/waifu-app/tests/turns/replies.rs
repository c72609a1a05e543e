//! What becomes of what the model says, and of how it stops.

use std::time::Duration;

use tokio::time::Instant;
use waifu_app::ports::language_model::Finish;
use waifu_app::turns::TurnLimits;
use waifu_domain::turn::{EndReason, EndStatus, Usage};

use crate::world::{World, left, soon};

#[tokio::test(start_paused = true)]
async fn the_words_on_their_way_add_up_to_the_words_that_are_stored() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let (turn, call) = world.hello().await;
    let spoken = ["My, ", "my", "! ", "Wie schön, ", "日本", "語 ", "👩‍👩‍👧", "."];
    for text in spoken {
        call.say(text);
    }
    let usage = Usage {
        prompt_tokens: 90,
        completion_tokens: 9,
    };
    call.finish(Finish::Stop, Some(usage));
    let told = watcher.until_over().await;
    let deltas = told.iter().filter_map(|frame| frame.strip_prefix("delta "));
    let heard: String = deltas.collect();
    let ending = world.ending(turn);
    assert_eq!(heard, spoken.concat());
    assert_eq!(left(&ending), (EndStatus::Completed, None, &*heard));
    assert_eq!(ending.usage, Some(usage));
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_is_too_long_is_cut_between_two_characters() {
    let world = World::with(TurnLimits {
        reply_bytes: 10,
        ..TurnLimits::default()
    })
    .await;
    let mut watcher = world.watch();
    let (turn, call) = world.hello().await;
    call.say("日本");
    call.say("語日本語");
    soon(call.hung_up()).await;
    assert_eq!(
        watcher.until_over().await[2..],
        ["delta 日本語", "3 updated hello", "4 done Incomplete"]
    );
    let expected = (EndStatus::Incomplete, Some(EndReason::TooLong), "日本語");
    assert_eq!(left(&world.ending(turn)), expected);
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_just_fits_is_whole() {
    let world = World::with(TurnLimits {
        reply_bytes: 9,
        ..TurnLimits::default()
    })
    .await;
    let ending = world.play(world.draft("hello"), "日本語").await;
    assert_eq!(left(&ending), (EndStatus::Completed, None, "日本語"));
}

#[tokio::test(start_paused = true)]
async fn characters_that_a_store_can_not_hold_are_dropped() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let (turn, call) = world.hello().await;
    for text in ["a\0b", "\0", "c\0"] {
        call.say(text);
    }
    call.finish(Finish::Stop, None);
    assert_eq!(watcher.until_over().await[2], "delta abc");
    assert_eq!(left(&world.ending(turn)).2, "abc");
}

#[tokio::test(start_paused = true)]
async fn the_whole_of_a_reply_has_an_end() {
    let whole_reply = Duration::from_secs(90);
    for (said, status) in [("Well, ", EndStatus::Incomplete), (" ", EndStatus::Failed)] {
        let world = World::with(TurnLimits {
            whole_reply,
            ..TurnLimits::default()
        })
        .await;
        let mut watcher = world.watch();
        let since = Instant::now();
        let (turn, call) = world.hello().await;
        // A drip of spaces keeps every silence short.
        while call.is_listened_to() && since.elapsed() < Duration::from_mins(5) {
            call.say(if since.elapsed().is_zero() { said } else { " " });
            tokio::time::sleep(Duration::from_millis(2_500)).await;
        }
        watcher.until_over().await;
        let stopped = since.elapsed().as_secs();
        assert!((90..=93).contains(&stopped), "{stopped} seconds");
        let ending = world.ending(turn);
        let (found, reason, text) = left(&ending);
        let why = Some(EndReason::ProviderTimeout);
        assert_eq!(
            (found, reason, text.trim_end()),
            (status, why, said.trim_end())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_just_ends_was_cut() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let (turn, call) = world.hello().await;
    call.say("Well, ");
    drop(call);
    watcher.until_over().await;
    let expected = (EndStatus::Incomplete, Some(EndReason::Cut), "Well, ");
    assert_eq!(left(&world.ending(turn)), expected);
}

#[tokio::test(start_paused = true)]
async fn how_the_model_finished_is_kept() {
    let cases = [
        (
            "hi",
            Finish::Length,
            EndStatus::Completed,
            EndReason::Length,
        ),
        (
            "hi",
            Finish::Filtered,
            EndStatus::Incomplete,
            EndReason::Filtered,
        ),
        (" \n", Finish::Stop, EndStatus::Failed, EndReason::Empty),
    ];
    for (said, finish, status, reason) in cases {
        let world = World::new().await;
        let mut watcher = world.watch();
        let (turn, call) = world.hello().await;
        call.say(said);
        call.finish(finish, None);
        watcher.until_over().await;
        let ending = world.ending(turn);
        assert_eq!(left(&ending), (status, Some(reason), said.trim()));
    }
}
