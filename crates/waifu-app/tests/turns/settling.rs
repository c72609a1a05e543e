//! The second commit: judged where the relationship stands, written once, told in order.

use waifu_app::ports::language_model::Finish;
use waifu_app::turns::TurnDraft;
use waifu_domain::affection::Appraisal;
use waifu_domain::relationship::{Head, InteractionKind};
use waifu_domain::turn::EndStatus;
use waifu_testkit::fakes::{Fate, Operation};

use crate::world::{World, left, rows, seconds_pass, soon};

#[tokio::test(start_paused = true)]
async fn affection_moves_by_what_the_judge_makes_of_the_standing_at_acceptance() {
    let world = World::new().await;
    let first = world.play(world.draft("hello"), "hi").await;
    assert_eq!(rows(&first), 1);
    assert_eq!(world.relationship().affection.get(), 3);

    let cold = TurnDraft {
        appraisal: Some(Appraisal::Cold),
        ..world.draft("hm")
    };
    let second = world.play(cold, "oh").await;
    let row = &second.append.moved.expect("it moves").entries[0];
    assert_eq!((row.place.no, row.requested_change), (2, -4));
    assert_eq!((row.affection_change, row.affection_after.get()), (-3, 0));
    assert_eq!(world.store.times(Operation::Standing), 0);
}

#[tokio::test(start_paused = true)]
async fn news_are_numbered_after_the_head_without_a_gap() {
    let world = World::new().await;
    let mut watcher = world.watch();
    world.play(world.draft("hello"), "hi").await;
    world.play(world.draft("how are you?"), "well").await;
    assert_eq!(
        watcher.so_far().await,
        [
            "1 accepted",
            "2 started",
            "delta hi",
            "3 updated hello",
            "4 done Completed",
            "5 accepted",
            "6 started",
            "7 updated how are you?",
            "delta well",
            "8 done Completed",
        ]
    );
    let expected = Head {
        seq: 8,
        entry_no: 2,
        version: 2,
    };
    assert_eq!(world.relationship().head, expected);
}

#[tokio::test(start_paused = true)]
async fn a_long_absence_is_settled_with_the_words_that_end_it() {
    let world = World::new().await;
    let moved = [Fate::MovedBefore(50)];
    world.store.foretell(Operation::Settle, moved);
    world.play(world.draft("hello"), "hi").await;
    let mut watcher = world.watch_from_now();
    world.clock.advance(time::Duration::days(30));
    let ending = world.play(world.draft("I'm back"), "oh!").await;
    assert_eq!(
        watcher.so_far().await[3..],
        ["8 updated ", "9 updated I'm back", "10 done Completed"]
    );
    let entries = ending.append.moved.expect("it moves").entries;
    let kinds = entries.iter().map(|entry| entry.kind);
    assert!(kinds.eq([InteractionKind::Decay, InteractionKind::Chat]));
    assert_eq!((entries[0].place.no, entries[1].place.no), (3, 4));
}

#[tokio::test(start_paused = true)]
async fn a_relationship_that_moved_meanwhile_is_judged_again_where_it_stands_now() {
    let world = World::new().await;
    let moves = [Fate::MovedBefore(10), Fate::MovedBefore(-4)];
    world.store.foretell(Operation::Settle, moves);
    let mut watcher = world.watch();
    let ending = world.play(world.draft("hello"), "hi").await;

    let row = &ending.append.moved.as_ref().expect("it moves").entries[0];
    assert_eq!(row.affection_after.get(), 9);
    assert_eq!((row.place.no, ending.append.expected.entry_no), (3, 2));
    assert_eq!(world.store.asked_to_settle().len(), 3);
    assert_eq!(world.relationship().affection.get(), 9);
    // Nobody told of the adjustments, which took a number each: they are read.
    assert_eq!(
        watcher.so_far().await[3..],
        [
            "3 updated ",
            "4 updated ",
            "5 updated hello",
            "6 done Completed"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_relationship_that_never_rests_is_given_up_and_nothing_is_written() {
    let world = World::new().await;
    let moves = std::iter::repeat_n(Fate::MovedBefore(1), 100);
    world.store.foretell(Operation::Settle, moves);
    let mut watcher = world.watch();
    let (turn, call) = world.hello().await;
    call.say("hi");
    call.finish(Finish::Stop, None);
    assert_eq!(watcher.so_far().await[2..], ["delta hi"]);
    let tried = world.store.asked_to_settle().len();
    assert!((2..100).contains(&tried), "{tried} rounds");
    assert!(!world.is_over(turn));
    // It is left to the reaper.
    seconds_pass(5.0).await;
    assert_eq!(world.store.asked_to_settle().len(), tried);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_somebody_else_ended_is_discarded() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let (turn, call) = world.hello().await;
    call.say("hi");
    world.store.end_elsewhere(turn.turn_id);
    let relationship = world.relationship();
    call.finish(Finish::Stop, None);
    assert_eq!(
        watcher.until_over().await[2..],
        ["delta hi", "3 done Failed"]
    );
    assert_eq!(world.relationship(), relationship);
    assert_eq!(world.store.asked_to_settle().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_reply_whose_commit_came_through_unanswered_is_recognised_and_told() {
    let world = World::new().await;
    let fate = [Fate::AnswerLost];
    world.store.foretell(Operation::Settle, fate);
    let mut watcher = world.watch();
    let (turn, call) = world.hello().await;
    call.say("hi");
    call.finish(Finish::Stop, None);
    assert_eq!(
        watcher.until_over().await[2..],
        ["delta hi", "3 updated hello", "4 done Completed"]
    );
    assert_eq!(left(&world.ending(turn)).2, "hi");
    assert_eq!(world.relationship().affection.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_end_by_another_is_not_mistaken_for_a_lost_answer() {
    let world = World::new().await;
    world.store.foretell(Operation::Settle, [Fate::Away]);
    let mut watcher = world.watch();
    let (turn, call) = world.hello().await;
    call.say("hi");
    world.store.end_elsewhere(turn.turn_id);
    call.finish(Finish::Stop, None);
    assert_eq!(
        watcher.until_over().await[2..],
        ["delta hi", "3 done Failed"]
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_end_by_another_without_a_reply_is_told_under_its_own_number() {
    let world = World::new().await;
    world.store.foretell(Operation::Settle, [Fate::Away]);
    let mut watcher = world.watch();
    let (turn, _call) = world.hello().await;
    world.cancel(turn.turn_id).await;
    while world.store.asked_to_settle().is_empty() {
        tokio::task::yield_now().await;
    }
    world.store.adjust(turn.turn_id, 5);
    world.store.end_elsewhere(turn.turn_id);
    assert_eq!(
        watcher.until_over().await[2..],
        ["3 updated ", "4 done Failed"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_run_writes_no_ledger_row() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let (turn, call) = world.hello().await;
    drop(call);
    assert_eq!(watcher.until_over().await[2..], ["3 done Failed"]);
    let ending = world.ending(turn);
    assert_eq!(ending.status, EndStatus::Failed);
    assert_eq!((rows(&ending), ending.reply), (0, None));
    assert_eq!(world.relationship().head.version, 0);
    assert_eq!(world.relationship().affection.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn words_without_an_appraisal_write_no_ledger_row_either() {
    let world = World::new().await;
    let silent = TurnDraft {
        appraisal: None,
        ..world.draft("hello")
    };
    let ending = world.play(silent, "hi").await;
    assert_eq!(left(&ending), (EndStatus::Completed, None, "hi"));
    assert_eq!(rows(&ending), 0);
    assert_eq!(world.relationship().head.version, 0);
}

#[tokio::test(start_paused = true)]
async fn words_that_reach_a_gate_open_its_event() {
    let world = World::new().await;
    let nearly = [Fate::MovedBefore(418)];
    world.store.foretell(Operation::Settle, nearly);
    let mut watcher = world.watch();
    let (_, call) = world.hello().await;
    call.say("hi");
    call.finish(Finish::Stop, None);
    assert_eq!(
        soon(watcher.until_over()).await[4..],
        ["4 updated hello", "5 opened confession", "6 done Completed"]
    );
}
