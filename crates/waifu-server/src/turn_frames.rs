//! The frames of one turn, from where its watcher is until its end: what a stream over HTTP and a subscription tell.

use std::collections::VecDeque;

use uuid::Uuid;
use waifu_app::turns::hub::{Watch, WatchError};
use waifu_app::turns::news::{Happening, News};
use waifu_app::use_cases::{StreamStart, StreamedTurn};
use waifu_domain::ids::{Epoch, TurnId};

use crate::frames::{ServerFrame, accepted_before, ended_before};

pub struct TurnFrames {
    /// Of the relationship, for its durable frames.
    pub epoch: Epoch,
    turn_id: TurnId,
    /// To be told before anything else.
    due: VecDeque<ServerFrame>,
    /// What moved the two while a turn that is over may have gone on: told if it did, and else another turn's to tell.
    held: VecDeque<ServerFrame>,
    pub watch: Watch,
    ends_by: Option<u64>,
    is_over: bool,
}

impl TurnFrames {
    pub fn new(turn: StreamedTurn, client_message_id: Uuid) -> Self {
        let mut due = VecDeque::new();
        let mut is_over = false;
        if let StreamStart::Again(outcome) = turn.start {
            due.push_back(accepted_before(client_message_id, outcome.turn).into());
            if let Some(done) = ended_before(*outcome) {
                due.push_back(done.into());
                is_over = true;
            }
        }
        Self {
            epoch: turn.epoch,
            turn_id: turn.turn_id,
            due,
            held: VecDeque::new(),
            watch: turn.watch,
            ends_by: turn.ends_by,
            is_over,
        }
    }

    /// `None` after the last one. Safe to drop while waiting.
    pub async fn next(&mut self) -> Result<Option<ServerFrame>, WatchError> {
        loop {
            if let Some(frame) = self.due.pop_front() {
                return Ok(Some(frame));
            }
            if self.has_ended() {
                return Ok(None);
            }
            let news = self.watch.next().await?;
            self.sort(news);
        }
    }

    /// The next one, if it is known without waiting and without the store.
    pub fn next_known(&mut self) -> Option<ServerFrame> {
        while self.due.is_empty() && !self.has_ended() {
            let news = self.watch.next_known()?;
            self.sort(news);
        }
        self.due.pop_front()
    }

    /// Whether nothing follows what is due.
    fn has_ended(&self) -> bool {
        self.is_over || self.ends_by.is_some_and(|end| self.watch.seq() >= end)
    }

    fn sort(&mut self, news: News) {
        match self.about(&news) {
            About::AnotherTurn => {}
            About::TheTwo if self.ends_by.is_some() => self.held.push_back(news.into()),
            About::TheTwo => self.due.push_back(news.into()),
            About::ThisTurn => {
                self.is_over = self.ends_by.is_none() && ends(&news);
                self.due.append(&mut self.held);
                self.due.push_back(news.into());
            }
        }
    }

    fn about(&self, news: &News) -> About {
        let turn_id = match news {
            News::Delta(words) | News::Snapshot(words) => words.turn_id,
            News::Durable { happening, .. } => match &**happening {
                Happening::MessageAccepted { turn_id, .. }
                | Happening::TurnStarted { turn_id, .. }
                | Happening::TurnChosen { turn_id, .. } => *turn_id,
                Happening::TurnDone(done) => done.turn_id,
                Happening::TurnVoided { .. }
                | Happening::RelationshipUpdated { .. }
                | Happening::Event { .. } => return About::TheTwo,
            },
        };
        if turn_id == self.turn_id {
            About::ThisTurn
        } else {
            About::AnotherTurn
        }
    }
}

/// What news are about.
enum About {
    ThisTurn,
    AnotherTurn,
    TheTwo,
}

fn ends(news: &News) -> bool {
    match news {
        News::Durable { happening, .. } => matches!(&**happening, Happening::TurnDone(_)),
        News::Delta(_) | News::Snapshot(_) => false,
    }
}
