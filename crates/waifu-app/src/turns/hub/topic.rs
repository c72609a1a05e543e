//! One relationship as this process follows it: how far its log goes, its newest events, and who speaks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use waifu_domain::ids::TurnId;
use waifu_domain::turn::RunNo;

use super::speech::Speech;
use crate::turns::news::{Happening, Numbered};

/// Events of a topic that are kept in memory, with the newest end of a run alone, which holds her words; who is further
/// behind reads the log.
const KEPT: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Topic {
    state: Mutex<State>,
    /// Rung when an event is there.
    pub(super) news: Notify,
    /// Rung when there are more words.
    pub(super) words: Notify,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// The newest number that is known of; the log may be further.
    pub(super) head: u64,
    recent: BTreeMap<u64, Arc<Happening>>,
    /// Who speaks after the event with that number.
    live: Option<Live>,
}

#[derive(Debug)]
pub(super) struct Live {
    pub(super) speech: Arc<Speech>,
    pub(super) is_here: bool,
}

impl Topic {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Events that are committed, and the run that starts here with them, if one does.
    pub(super) fn publish(&self, events: Vec<Numbered>, starting: Option<Arc<Speech>>) {
        let mut state = self.state();
        let leaves_a_gap = |first: &Numbered| first.seq > state.head + 1;
        if events.first().is_some_and(leaves_a_gap) {
            // The end of what another process streams may lie in it.
            state.live.take_if(|live| !live.is_here);
        }
        for Numbered { seq, happening } in events {
            state.head = state.head.max(seq);
            if let Some(ended) = happening.ends() {
                state.end(ended);
                state.recent.retain(|_, event| event.ends().is_none());
            }
            state.recent.insert(seq, happening);
        }
        while state.recent.len() > KEPT {
            state.recent.pop_first();
        }
        if let Some(speech) = starting {
            state.live = Some(Live {
                speech,
                is_here: true,
            });
        }
        drop(state);
        self.news.notify_waiters();
    }

    /// The run speaks here no longer; how it ended is for the log to tell.
    pub(super) fn end(&self, run: (TurnId, RunNo)) {
        self.state().end(run);
    }

    /// The log goes up to this number.
    pub(super) fn reaches(&self, head: u64) {
        let mut state = self.state();
        if head > state.head {
            // The end of what another process streams may lie in between.
            state.live.take_if(|live| !live.is_here);
            state.head = head;
            drop(state);
            self.news.notify_waiters();
        }
    }

    /// Events that somebody has read from the log.
    pub(super) fn has_read(&self, events: &[Numbered]) {
        let mut state = self.state();
        let ended = events.iter().filter_map(|event| event.happening.ends());
        ended.for_each(|run| state.end(run));
        let last = events.last().map_or(0, |event| event.seq);
        if last > state.head {
            state.head = last;
            drop(state);
            self.news.notify_waiters();
        }
    }

    /// What is stored: the newest number, and the run that streams.
    pub(super) fn learn(&self, seq: u64, streaming: Option<Live>) {
        let mut state = self.state();
        if seq < state.head {
            // It was read before what was published since.
            return;
        }
        state.head = seq;
        match (state.live.take(), streaming) {
            (Some(live), Some(Live { speech, .. }))
                if live.speech.is((speech.turn_id, speech.run)) =>
            {
                if !live.is_here {
                    live.speech.catch_up(speech.text());
                }
                state.live = Some(live);
            }
            // Another process has ended what was said here. What is to be said here says so itself.
            (_, streaming) => state.live = streaming.filter(|live| !live.is_here),
        }
        drop(state);
        self.news.notify_waiters();
        self.words.notify_waiters();
    }
}

impl State {
    pub(super) fn event(&self, seq: u64) -> Option<Arc<Happening>> {
        self.recent.get(&seq).cloned()
    }

    pub(super) fn live(&self) -> Option<&Arc<Speech>> {
        self.live.as_ref().map(|live| &live.speech)
    }

    /// Who speaks, for somebody who was told of all events up to this number: if that is more than is known here, the
    /// end may be among them.
    pub(super) fn live_after(&self, seq: u64) -> Option<&Arc<Speech>> {
        self.live().filter(|_| self.head == seq)
    }

    /// The number of the end of a turn's newest run, if it is among the newest events.
    pub(super) fn end_of(&self, turn: TurnId) -> Option<u64> {
        let of_it = |run: Option<(TurnId, RunNo)>| run.is_some_and(|(of, _)| of == turn);
        let mut newest_first = self.recent.iter().rev();
        let newest = newest_first.find(|(_, event)| of_it(event.starts()) || of_it(event.ends()));
        newest
            .filter(|(_, event)| of_it(event.ends()))
            .map(|(seq, _)| *seq)
    }

    fn end(&mut self, run: (TurnId, RunNo)) {
        self.live.take_if(|live| live.speech.is(run));
    }
}
