//! Where a client that comes back goes on.

use waifu_app::ports::clock::Clock;
use waifu_app::turns::hub::WatchError;
use waifu_app::use_cases::{ActError, NotAPlace, ResumeFrom, StreamStart, Unseen};
use waifu_domain::ids::Epoch;
use waifu_testkit::builders::fresh;

use crate::scribe::told;
use crate::watcher::{Watcher, words};
use crate::world::{World, seconds_pass, soon};

impl World {
    fn place(&self, seq: u64) -> ResumeFrom {
        ResumeFrom {
            epoch: Some(self.relationship().epoch),
            seq,
        }
    }

    /// Whether a client that has come so far is told all that it has missed.
    async fn resumes(&self, from: ResumeFrom) -> bool {
        let following = self.doors().follow(Some(from)).await;
        let expected = if following.is_resumed {
            from.seq
        } else {
            self.store
                .relationship(self.pair)
                .map_or(0, |met| met.head.seq)
        };
        assert_eq!(following.watch.seq(), expected);
        following.is_resumed
    }
}

#[tokio::test(start_paused = true)]
async fn who_knows_his_place_is_told_what_he_has_missed_and_goes_on() {
    let world = World::new().await;
    let scribe = world.scribe().await;
    let from = world.place(world.head());
    let missed = scribe.write(30).await;
    let following = world.doors().follow(Some(from)).await;
    assert!(following.is_resumed);
    assert_eq!(following.active, None);
    let mut watcher = Watcher::of(following.watch);
    seconds_pass(1.0).await;
    // Nobody has told this process of them: it reads them when it is told of the next.
    let next = scribe.write(1).await;
    world.publish(next.clone()).await;
    let all = [told(&missed), told(&next)].concat();
    assert_eq!(watcher.so_far().await, all);
}

#[tokio::test(start_paused = true)]
async fn who_has_missed_nothing_goes_on_at_once() {
    let world = World::new().await;
    world.scribe().await;
    assert!(world.resumes(world.place(world.head())).await);
}

#[tokio::test(start_paused = true)]
async fn who_comes_from_another_life_or_from_the_future_starts_anew() {
    let world = World::new().await;
    world.scribe().await;
    let another_life = ResumeFrom {
        epoch: Some(fresh::<Epoch>()),
        seq: 3,
    };
    assert!(!world.resumes(another_life).await);
    let nobodys = ResumeFrom {
        epoch: None,
        seq: 3,
    };
    assert!(!world.resumes(nobodys).await);
    for ahead in [world.head() + 1, u64::MAX] {
        assert!(!world.resumes(world.place(ahead)).await);
    }
}

#[tokio::test(start_paused = true)]
async fn three_hundred_missed_events_are_told_and_one_more_is_too_many() {
    let world = World::new().await;
    let scribe = world.scribe().await;
    let from = world.head();
    scribe.write(301).await;
    assert!(!world.resumes(world.place(from)).await);
    assert!(world.resumes(world.place(from + 1)).await);
}

#[tokio::test(start_paused = true)]
async fn what_is_older_than_three_days_is_not_told_again() {
    let world = World::new().await;
    let scribe = world.scribe().await;
    let from = world.head();
    scribe.write(1).await;
    world.clock.advance(time::Duration::hours(1));
    scribe.write(1).await;
    world.clock.advance(time::Duration::hours(71));
    assert!(world.resumes(world.place(from)).await);
    world.clock.advance(time::Duration::SECOND);
    assert!(!world.resumes(world.place(from)).await);
    assert!(world.resumes(world.place(from + 1)).await);
    // Who has missed nothing may have been away for as long as he likes.
    world.clock.advance(time::Duration::weeks(50));
    assert!(world.resumes(world.place(from + 2)).await);
    assert!(!world.resumes(world.place(from + 1)).await);
}

#[tokio::test(start_paused = true)]
async fn what_was_forgotten_is_not_told_again() {
    let world = World::new().await;
    let scribe = world.scribe().await;
    let from = world.head();
    scribe.write(1).await;
    world.clock.advance(time::Duration::HOUR);
    world.store.forget_before(world.clock.now());
    scribe.write(1).await;
    assert!(!world.resumes(world.place(from)).await);
    assert!(world.resumes(world.place(from + 1)).await);
}

#[tokio::test(start_paused = true)]
async fn the_beginning_is_a_place_before_the_first_meeting_and_after_it() {
    let world = World::new().await;
    let doors = world.doors();
    let stranger = doors.follow(Some(ResumeFrom::THE_BEGINNING)).await;
    assert!(stranger.is_resumed);
    assert!(stranger.view.stored.is_none());
    let from = ResumeFrom {
        epoch: Some(fresh::<Epoch>()),
        seq: 0,
    };
    assert!(!world.resumes(from).await, "they have never met");

    let mut watcher = Watcher::of(stranger.watch);
    world.play(world.draft("hello"), "hi").await;
    assert_eq!(watcher.until_over().await.len(), 5);
    let later = doors.follow(Some(ResumeFrom::THE_BEGINNING)).await;
    assert!(later.is_resumed);
    let mut watcher = Watcher::of(later.watch);
    assert_eq!(watcher.until_over().await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn who_says_no_place_starts_where_the_two_stand() {
    let world = World::new().await;
    world.scribe().await;
    let following = world.doors().follow(None).await;
    assert!(!following.is_resumed);
    assert_eq!(following.watch.seq(), world.head());
    let stored = following.view.stored.expect("they have met");
    assert_eq!(stored, world.relationship());
}

#[tokio::test(start_paused = true)]
async fn who_comes_while_she_speaks_is_given_her_words_so_far() {
    let world = World::new().await;
    let doors = world.doors();
    let (turn, call) = world.hello().await;
    call.say("Once ");
    seconds_pass(0.1).await;
    let mut anew = doors.follow(None).await;
    let active = anew.active.expect("she speaks");
    assert_eq!((active.turn_id, &*active.text), (turn.turn_id, "Once "));
    // Who has to be told of events first is given them in their order.
    let resumed = doors.follow(Some(world.place(1))).await;
    assert_eq!(resumed.active, None);
    let mut resumed = Watcher::of(resumed.watch);
    assert_eq!(resumed.so_far().await, ["2 started", "delta Once "]);
    call.say("upon");
    seconds_pass(0.1).await;
    let next = soon(anew.watch.next()).await.expect("nothing is forgotten");
    assert_eq!(words(&next), "delta upon");
}

#[tokio::test(start_paused = true)]
async fn whom_the_log_outruns_is_told_so() {
    let world = World::new().await;
    let scribe = world.scribe().await;
    let from = world.place(world.head());
    let news = scribe.write(20).await;
    let mut watch = world.doors().watch(Some(from)).await;
    world.clock.advance(time::Duration::HOUR);
    world.store.forget_before(world.clock.now());
    world.publish(news[19..].to_vec()).await;
    let forgotten = soon(watch.next()).await;
    assert!(
        matches!(forgotten, Err(WatchError::Forgotten)),
        "{forgotten:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_is_gone_is_not_followed() {
    let world = World::new().await;
    world.scribe().await;
    let doors = world.doors();
    world.desk.let_her_go(world.clock.now());
    let gone = doors.try_follow(None).await;
    assert!(
        matches!(gone, Err(ActError::Unseen(Unseen::Gone))),
        "{gone:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_streamed_is_told_from_its_acceptance_on() {
    let world = World::new().await;
    let doors = world.doors();
    world.scribe().await;
    let from = world.head();
    let message = doors.message("and?");
    let begun = doors.send.stream(doors.caller, message.clone(), None);
    let streamed = soon(begun).await.expect("it begins");
    assert!(matches!(streamed.start, StreamStart::Replay));
    assert_eq!((streamed.watch.seq(), streamed.ends_by), (from, None));
    let mut watcher = Watcher::of(streamed.watch);
    world.answer("well").await;
    let told = watcher.until_over().await;
    assert_eq!(told[0], format!("{} accepted", from + 1));

    // Sent again without a place: what became of it is known, and nothing else follows.
    let again = doors.send.stream(doors.caller, message.clone(), None);
    let again = soon(again).await.expect("it was accepted before");
    assert_eq!(again.ends_by, Some(world.head()));
    let StreamStart::Again(outcome) = again.start else {
        panic!("it was accepted before");
    };
    assert_eq!(outcome.turn.turn_id, streamed.turn_id);
    // With a place: the rest of it.
    let place = Some(world.place(from + 2));
    let again = doors.send.stream(doors.caller, message, place);
    let again = soon(again).await.expect("it was accepted before");
    assert!(matches!(again.start, StreamStart::Replay));
    assert_eq!(again.watch.seq(), from + 2);
    assert_eq!(again.ends_by, Some(world.head()));
}

#[test]
fn a_place_is_an_epoch_and_a_number() {
    assert_eq!("null:0".parse(), Ok(ResumeFrom::THE_BEGINNING));
    let epoch = "0197b1e2-0000-7000-8000-0000000000ff";
    let place: ResumeFrom = format!("{epoch}:42").parse().unwrap();
    assert_eq!(
        place.epoch.map(|epoch| epoch.to_string()),
        Some(epoch.into())
    );
    assert_eq!(place.seq, 42);
    assert_eq!(format!(" {epoch}:42 ").parse(), Ok(place));
    let wrong = [
        "",
        ":",
        "0",
        "null",
        "null:",
        "null:-1",
        "null:x",
        ":0",
        "nil:0",
        "0197b1e2:0",
        "null:18446744073709551616",
        "null:0:0",
    ];
    for text in wrong {
        assert_eq!(text.parse::<ResumeFrom>(), Err(NotAPlace), "{text:?}");
    }
}
