//! Events of a test's own: written without being told, and told without being new.

use std::sync::Arc;

use waifu_app::ports::clock::Clock;
use waifu_app::ports::store::{NewRun, Store, StoreError, finish};
use waifu_app::ports::turn_store::{DurableEvent, Settled, TurnStore};
use waifu_app::turns::Done;
use waifu_app::turns::news::{Happening, Numbered};
use waifu_domain::ids::{MessageId, TurnId};
use waifu_domain::turn::RunNo;
use waifu_testkit::builders::{answered, fresh, horizon, unmoved};

use crate::watcher::words_of;
use crate::world::{World, soon};

/// Writes that one of two answers is hers from now on; which one tells even numbers from odd ones.
#[derive(Debug)]
pub(crate) struct Scribe<'a> {
    world: &'a World,
    turn: TurnId,
}

impl World {
    /// The two have met, and she has given two answers.
    pub(crate) async fn scribe(&self) -> Scribe<'_> {
        let turn = self.play(self.draft("hello"), "hi").await.turn;
        let (process, now) = (fresh(), self.clock.now());
        let again = NewRun {
            turn_id: turn.turn_id,
            relationship_id: self.relationship().id,
            process,
            lease: time::Duration::MINUTE,
            at: now,
        };
        self.store.start_again(&again);
        let standing = self.store.standing(turn.turn_id, horizon(now)).await;
        let standing = standing.expect("the store is there").expect("it started");
        let append = unmoved(&standing.relationship, now);
        let settlement = answered(&standing, process, "hello yourself", append);
        let settled = self.store.settle(settlement).await;
        assert_eq!(settled.expect("the store is there"), Settled::Done);
        Scribe::of(self, turn.turn_id)
    }

    pub(crate) fn head(&self) -> u64 {
        self.relationship().head.seq
    }

    /// Tells of events, as whoever commits them does.
    pub(crate) async fn publish(&self, news: Vec<Numbered>) {
        let act = |_| async move {
            Ok::<_, StoreError>(Done {
                outcome: (),
                news,
                reaction: None,
            })
        };
        let published = soon(self.supervisor.perform(self.pair, act)).await;
        published.expect("nothing refuses it");
    }
}

impl<'a> Scribe<'a> {
    /// Of a turn with two answers.
    pub(crate) fn of(world: &'a World, turn: TurnId) -> Self {
        Self { world, turn }
    }

    pub(crate) fn turn(&self) -> TurnId {
        self.turn
    }

    /// Writes so many events, of which nobody is told. Returns them.
    pub(crate) async fn write(&self, events: usize) -> Vec<Numbered> {
        let store = &self.world.store;
        let before = self.world.head();
        for seq in (before + 1..).take(events) {
            let run = if seq % 2 == 0 { 2 } else { 1 };
            store.choose(self.turn, run, self.world.clock.now());
        }
        let log = store.log(self.world.pair);
        let mut news = Vec::new();
        for logged in log.into_iter().filter(|logged| logged.seq > before) {
            let DurableEvent::TurnChosen {
                run, message_id, ..
            } = logged.event
            else {
                panic!("somebody else writes");
            };
            news.push(self.numbered(logged.seq, run, message_id).await);
        }
        news
    }

    async fn numbered(&self, seq: u64, run: RunNo, message: MessageId) -> Numbered {
        let mut work = self.world.store.snapshot().await.expect("it is there");
        let message = work.messages().by_id(message).await;
        let message = finish(work, message).await.expect("it is there");
        let happening = Happening::TurnChosen {
            turn_id: self.turn,
            run,
            message: message.expect("she said it"),
        };
        Numbered {
            seq,
            happening: Arc::new(happening),
        }
    }
}

/// What a watcher is told of these.
pub(crate) fn told(news: &[Numbered]) -> Vec<String> {
    let told = news.iter().map(|news| words_of(news.seq, &news.happening));
    told.collect()
}
