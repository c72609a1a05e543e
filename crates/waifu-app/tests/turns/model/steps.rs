//! What happens to the two, at two processes of one street.

use std::sync::Arc;

use proptest::sample::Index;
use waifu_app::ports::language_model::{Finish, ModelError};
use waifu_app::turns::TurnLimits;
use waifu_app::turns::news::Numbered;
use waifu_domain::ids::TurnId;
use waifu_testkit::fakes::{ModelCall, Street};

use crate::scribe::Scribe;
use crate::world::{World, seconds_pass};

#[derive(Debug, Clone)]
pub(super) enum Deed {
    /// So many events, of which nobody is told yet.
    Write(usize),
    /// Some of what was written, in whatever order, whether it was told of before or not.
    Publish(Vec<Index>),
    /// A turn, if none is being answered. So many calls of the model fail first.
    Start {
        refusals: u8,
    },
    Say(String),
    Finish,
    Cancel,
    /// So many milliseconds.
    Wait(u64),
}

pub(super) struct Stage {
    pub(super) here: World,
    pub(super) elsewhere: World,
    /// A process that learns everything from the log.
    pub(super) reader: World,
    turn: TurnId,
    written: Vec<Numbered>,
    speaking: Option<(TurnId, ModelCall)>,
}

impl Stage {
    pub(super) async fn new() -> Self {
        let street = Street::default();
        let here = World::among(Arc::new(street.clone()), TurnLimits::default()).await;
        let elsewhere = here.beside_among(Arc::new(street)).await;
        let reader = here.beside().await;
        let turn = here.scribe().await.turn();
        seconds_pass(3.5).await;
        Self {
            here,
            elsewhere,
            reader,
            turn,
            written: Vec::new(),
            speaking: None,
        }
    }

    pub(super) fn head(&self) -> u64 {
        self.here.head()
    }

    pub(super) async fn act(&mut self, deed: Deed) {
        match deed {
            Deed::Write(events) => {
                let news = Scribe::of(&self.here, self.turn).write(events).await;
                self.written.extend(news);
            }
            Deed::Publish(picks) => {
                if !self.written.is_empty() {
                    let mut news: Vec<_> = picks
                        .iter()
                        .map(|pick| pick.get(&self.written).clone())
                        .collect();
                    news.sort_by_key(|news| news.seq);
                    self.here.publish(news).await;
                }
            }
            Deed::Start { refusals } => {
                if self.speaking.is_none() {
                    for _ in 0..refusals {
                        let unreachable = ModelError::Unreachable("no route".into());
                        self.here.model.refuse(unreachable);
                    }
                    let turn = self.here.start_turn(self.here.draft("and?")).await.turn;
                    // A provider that has failed too often is not called.
                    self.speaking = tokio::select! {
                        call = self.here.model.next_call() => Some((turn.turn_id, call)),
                        () = self.is_over(turn.turn_id) => None,
                    };
                }
            }
            Deed::Say(text) => {
                if let Some((_, call)) = &self.speaking {
                    call.say(&text);
                    // The model is listened to, if not by this watcher.
                    tokio::task::yield_now().await;
                }
            }
            Deed::Finish => self.finish().await,
            Deed::Cancel => {
                if let Some((turn, call)) = self.speaking.take() {
                    let cancelled = self.here.supervisor.cancel(turn).await;
                    cancelled.expect("the store is there");
                    call.hung_up().await;
                    self.is_over(turn).await;
                }
            }
            Deed::Wait(millis) => {
                tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
            }
        }
    }

    /// Nothing is left open, and the newest event is known.
    pub(super) async fn end(&mut self) {
        self.finish().await;
        let news = Scribe::of(&self.here, self.turn).write(1).await;
        self.here.publish(news.clone()).await;
        self.written.extend(news);
        seconds_pass(2.0).await;
    }

    pub(super) async fn tell_the_reader(&self) {
        let newest = self.written.last().expect("one is written in the end");
        self.reader.publish(vec![newest.clone()]).await;
    }

    async fn finish(&mut self) {
        if let Some((turn, call)) = self.speaking.take() {
            call.finish(Finish::Stop, None);
            self.is_over(turn).await;
        }
    }

    async fn is_over(&self, turn: TurnId) {
        while self.here.store.ending(turn).is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }
}
