//! Somebody who watches a pair all the time, and what he is told in a few words.

use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use waifu_app::turns::hub::{Watch, WatchError};
use waifu_app::turns::news::{Happening, News, TurnDone};
use waifu_domain::events::OccurrenceState;

use crate::world::soon;

/// Listens until it is dropped.
#[derive(Debug)]
pub(crate) struct Watcher {
    told: mpsc::UnboundedReceiver<Result<News, WatchError>>,
    listening: AbortHandle,
}

impl Watcher {
    pub(crate) fn of(mut watch: Watch) -> Self {
        let (tell, told) = mpsc::unbounded_channel();
        let listen = async move {
            loop {
                let news = watch.next().await;
                let is_broken = news.is_err();
                if tell.send(news).is_err() || is_broken {
                    return;
                }
            }
        };
        Self {
            told,
            listening: tokio::spawn(listen).abort_handle(),
        }
    }

    pub(crate) async fn next(&mut self) -> News {
        let news = soon(self.told.recv()).await;
        news.expect("it listens").expect("nothing is forgotten")
    }

    /// Up to and with the end of a run.
    pub(crate) async fn until_over(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        loop {
            let news = self.next().await;
            told.push(words(&news));
            if done(&news).is_some() {
                return told;
            }
        }
    }

    /// The end of a run, whatever comes before it.
    pub(crate) async fn end_of_a_run(&mut self) -> TurnDone {
        loop {
            if let Some(done) = done(&self.next().await) {
                return done.clone();
            }
        }
    }

    /// What was told by now.
    pub(crate) async fn so_far(&mut self) -> Vec<String> {
        // Whoever has something to do at this very moment does it first.
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        let mut told = Vec::new();
        while let Ok(news) = self.told.try_recv() {
            told.push(words(&news.expect("nothing is forgotten")));
        }
        told
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

pub(crate) fn done(news: &News) -> Option<&TurnDone> {
    let News::Durable { happening, .. } = news else {
        return None;
    };
    match &**happening {
        Happening::TurnDone(done) => Some(done),
        Happening::MessageAccepted { .. }
        | Happening::TurnStarted { .. }
        | Happening::TurnChosen { .. }
        | Happening::TurnVoided { .. }
        | Happening::RelationshipUpdated { .. }
        | Happening::Event { .. } => None,
    }
}

/// `3 updated hello`, `delta my,`, `snapshot my, my`.
pub(crate) fn words(news: &News) -> String {
    match news {
        News::Durable { seq, happening } => words_of(*seq, happening),
        News::Delta(words) => format!("delta {}", words.text),
        News::Snapshot(words) => format!("snapshot {}", words.text),
    }
}

pub(crate) fn words_of(seq: u64, happening: &Happening) -> String {
    format!("{seq} {}", event(happening))
}

fn event(happening: &Happening) -> String {
    match happening {
        Happening::MessageAccepted { .. } => "accepted".to_owned(),
        Happening::TurnStarted { .. } => "started".to_owned(),
        Happening::TurnDone(done) => format!("done {:?}", done.status),
        Happening::TurnChosen { run, .. } => format!("chosen {run}"),
        Happening::RelationshipUpdated { row, .. } => {
            format!("updated {}", row.said.as_deref().unwrap_or_default())
        }
        Happening::TurnVoided { .. } => "voided".to_owned(),
        Happening::Event { occurrence, .. } => {
            let word = match occurrence.state {
                OccurrenceState::Pending => "opened",
                OccurrenceState::Resolved { .. } => "resolved",
                OccurrenceState::Expired { .. } => "expired",
            };
            format!("{word} {}", occurrence.event)
        }
    }
}
