//! Her words on their way: gathered, numbered, and never behind the end of her run.

use std::time::Duration;

use tokio::time::Instant;
use waifu_app::ports::language_model::{Finish, ModelError};
use waifu_app::turns::hub::Watch;
use waifu_app::turns::news::{News, Words};
use waifu_domain::ids::TurnId;
use waifu_testkit::builders::fresh;

use crate::watcher::{done, words};
use crate::world::{World, seconds_pass, soon};

impl World {
    fn watch_after_now(&self) -> Watch {
        let head = self.store.relationship(self.pair).map(|met| met.head.seq);
        let mut watch = self.hub.watch(self.pair);
        watch.start_after(head.unwrap_or(0));
        watch
    }
}

async fn next(watch: &mut Watch) -> News {
    soon(watch.next()).await.expect("nothing is forgotten")
}

/// Words up to the end of a run, each with when it was told.
async fn heard(watch: &mut Watch) -> Vec<(Instant, Words)> {
    let mut heard = Vec::new();
    loop {
        match next(watch).await {
            News::Delta(words) => heard.push((Instant::now(), words)),
            News::Snapshot(_) => panic!("whoever hears the start needs no snapshot"),
            news @ News::Durable { .. } if done(&news).is_some() => return heard,
            News::Durable { .. } => {}
        }
    }
}

fn text<'a>(heard: impl IntoIterator<Item = &'a (Instant, Words)>) -> String {
    let texts = heard.into_iter().map(|(_, words)| &*words.text);
    texts.collect()
}

#[tokio::test(start_paused = true)]
async fn at_most_twenty_deltas_a_second_carry_all_the_words() {
    let world = World::new().await;
    let mut watch = world.watch_after_now();
    let (_, call) = world.hello().await;
    let listening = tokio::spawn(async move { heard(&mut watch).await });
    let mut said = String::new();
    for n in 0..400 {
        let number = format!("{n} ");
        call.say(&number);
        said += &number;
        seconds_pass(0.005).await;
    }
    call.finish(Finish::Stop, None);
    let heard = soon(listening).await.expect("it listens");
    assert_eq!(text(&heard), said);
    // Two seconds, and the last words of all, which wait for nothing.
    assert!((39..=42).contains(&heard.len()), "{} deltas", heard.len());
    let gaps = heard.windows(2).map(|two| two[1].0 - two[0].0);
    let short = gaps.filter(|gap| *gap < Duration::from_millis(50)).count();
    assert!(short <= 1, "{short} came too soon");
}

#[tokio::test(start_paused = true)]
async fn a_word_after_a_silence_is_told_at_once() {
    let world = World::new().await;
    let mut watch = world.watch_after_now();
    let (_, call) = world.hello().await;
    let listening = tokio::spawn(async move { heard(&mut watch).await });
    let mut said_at = Vec::new();
    for _ in 0..3 {
        seconds_pass(0.3).await;
        said_at.push(Instant::now());
        call.say("well ");
    }
    seconds_pass(0.3).await;
    call.finish(Finish::Stop, None);
    let heard = soon(listening).await.expect("it listens");
    let told_at: Vec<_> = heard.iter().map(|(at, _)| *at).collect();
    assert_eq!(told_at, said_at);
}

#[tokio::test(start_paused = true)]
async fn the_last_words_come_before_the_end() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let (_, call) = world.hello().await;
    call.say("so ");
    seconds_pass(0.01).await;
    // Too soon for a delta of its own.
    call.say("long");
    call.finish(Finish::Stop, None);
    let told = watcher.until_over().await;
    assert_eq!(told[2], "delta so ");
    assert_eq!(
        told[3..],
        ["3 updated hello", "delta long", "4 done Completed"]
    );
}

#[tokio::test(start_paused = true)]
async fn deltas_are_counted_from_nought_without_a_hole() {
    let world = World::new().await;
    let mut watch = world.watch_after_now();
    for said in ["hello", "and?"] {
        let (turn, call) = world.begin(world.draft(said)).await;
        let mut listener = watch;
        let listening = tokio::spawn(async move {
            let heard = heard(&mut listener).await;
            (heard, listener)
        });
        for _ in 0..10 {
            call.say("well ");
            seconds_pass(0.06).await;
        }
        call.finish(Finish::Stop, None);
        let (heard, listener) = soon(listening).await.expect("it listens");
        watch = listener;
        assert_eq!(heard.len(), 10);
        for ((_, words), index) in heard.iter().zip(0..) {
            let of = (words.turn_id, words.run, words.attempt, words.index);
            assert_eq!(of, (turn.turn_id, 1, 1, index));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_words_of_a_second_attempt_say_so_and_are_counted_anew() {
    let world = World::new().await;
    let mut watch = world.watch_after_now();
    world
        .model
        .refuse(ModelError::Unreachable("no route".into()));
    let (_, call) = world.hello().await;
    let listening = tokio::spawn(async move { heard(&mut watch).await });
    for text in ["here ", "I am"] {
        call.say(text);
        seconds_pass(0.06).await;
    }
    call.finish(Finish::Stop, None);
    let heard = soon(listening).await.expect("it listens");
    let counted = heard.iter().map(|(_, words)| (words.attempt, words.index));
    assert!(counted.eq([(2, 0), (2, 1)]), "{heard:?}");
    assert_eq!(text(&heard), "here I am");
}

#[tokio::test(start_paused = true)]
async fn who_joins_while_she_speaks_gets_what_was_said_and_then_the_rest() {
    let world = World::new().await;
    let (turn, call) = world.hello().await;
    call.say("Once ");
    call.say("upon ");
    seconds_pass(0.1).await;
    let mut watch = world.watch_after_now();
    let News::Snapshot(snapshot) = next(&mut watch).await else {
        panic!("she speaks");
    };
    let expected = Words {
        turn_id: turn.turn_id,
        run: 1,
        attempt: 1,
        index: 0,
        text: "Once upon ".to_owned(),
    };
    assert_eq!(snapshot, expected);
    call.say("a ");
    seconds_pass(0.1).await;
    call.say("time");
    let listening = tokio::spawn(async move { heard(&mut watch).await });
    seconds_pass(0.1).await;
    call.finish(Finish::Stop, None);
    let heard = soon(listening).await.expect("it listens");
    assert_eq!(text(&heard), "a time");
    assert_eq!(heard[0].1.index, 0);
}

#[tokio::test(start_paused = true)]
async fn who_is_told_of_the_start_and_joins_later_gets_what_was_said_too() {
    let world = World::new().await;
    let (_, call) = world.hello().await;
    call.say("Once ");
    seconds_pass(0.1).await;
    // He was told of the acceptance, and not of the start.
    let mut watcher = world.watch_after(world.pair, 1);
    call.say("upon");
    seconds_pass(0.1).await;
    call.finish(Finish::Stop, None);
    let told = watcher.until_over().await;
    assert_eq!(told[..3], ["2 started", "delta Once ", "delta upon"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_up_to_date_can_ask_for_the_run_that_streams() {
    let world = World::new().await;
    let mut stranger = world.watch_after_now();
    assert_eq!(stranger.active(), None);
    let (turn, call) = world.hello().await;
    call.say("Once ");
    seconds_pass(0.1).await;
    // He has to hear the start first.
    assert_eq!(stranger.active(), None);
    assert_eq!(stranger.snapshot_of(turn.turn_id), None);

    let mut watch = world.watch_after_now();
    let active = watch.active().expect("she speaks");
    assert_eq!((&*active.text, active.index), ("Once ", 0));
    call.say("upon");
    seconds_pass(0.1).await;
    assert_eq!(words(&next(&mut watch).await), "delta upon");
    let again = watch.snapshot_of(turn.turn_id).expect("it is her turn");
    assert_eq!((&*again.text, again.index), ("Once upon", 1));
    assert_eq!(watch.snapshot_of(fresh::<TurnId>()), None);
    call.say(" a time");
    seconds_pass(0.1).await;
    let News::Delta(rest) = next(&mut watch).await else {
        panic!("only the rest was not told");
    };
    assert_eq!((&*rest.text, rest.index), (" a time", 1));

    call.finish(Finish::Stop, None);
    seconds_pass(0.1).await;
    assert_eq!(world.watch_after_now().active(), None);
    // Who listens to it may still ask, until he is told of the end.
    let whole = watch.snapshot_of(turn.turn_id).expect("he listens to it");
    assert_eq!(whole.text, "Once upon a time");
    assert_eq!(words(&next(&mut watch).await), "3 updated hello");
    assert_eq!(words(&next(&mut watch).await), "4 done Completed");
    assert_eq!(watch.snapshot_of(turn.turn_id), None);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_said_of_a_run_after_its_end() {
    let world = World::new().await;
    let mut watcher = world.watch();
    world.play(world.draft("hello"), "hi").await;
    watcher.until_over().await;
    seconds_pass(5.0).await;
    assert_eq!(watcher.so_far().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn who_comes_late_is_told_of_a_run_that_is_over_by_its_end_alone() {
    let world = World::new().await;
    world.play(world.draft("hello"), "hi").await;
    let told = world.watch().until_over().await;
    assert_eq!(
        told,
        [
            "1 accepted",
            "2 started",
            "3 updated hello",
            "4 done Completed"
        ]
    );
}
