//! One watcher's place in a relationship: a number, and how far he has read of the words that are being said. He owns
//! nothing else, however slow he is.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::warn;
use waifu_domain::ids::TurnId;
use waifu_domain::relationship::Pair;

use super::log::Log;
use super::speech::Speech;
use super::topic::Topic;
use super::{Hub, LOOK_AGAIN};
use crate::log::chain;
use crate::ports::store::StoreError;
use crate::turns::news::{Happening, News, Numbered, Words};

/// Words are gathered for so long: at most 20 deltas a second.
const PACE: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub struct Watch {
    hub: Hub,
    pair: Pair,
    topic: Arc<Topic>,
    seq: u64,
    listening: Option<Listening>,
    /// Read from the log, and to be told next.
    read: VecDeque<Numbered>,
    reading: Option<Reading>,
    next_words: Instant,
    /// The number of the end that was waited for last.
    end: AtomicU64,
}

/// A look at the log. It ends on its own: who stops waiting for it breaks no unit of work off.
#[derive(Debug)]
struct Reading {
    after: u64,
    events: JoinHandle<Result<Vec<Numbered>, StoreError>>,
}

/// How far a watcher has heard a run.
#[derive(Debug)]
struct Listening {
    speech: Arc<Speech>,
    attempt: u32,
    /// Of the attempt's text.
    bytes: usize,
    index: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// What this watcher missed has been forgotten: he has to start from what is stored.
    #[error("what was missed is no longer kept")]
    Forgotten,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a watcher is to be told now.
enum Due {
    News(News),
    /// The log has to be read.
    Log,
    /// Words, at this time.
    WordsAt(Instant),
    Nothing,
}

impl Watch {
    pub(super) fn new(hub: Hub, pair: Pair, topic: Arc<Topic>) -> Self {
        Self {
            hub,
            pair,
            topic,
            seq: 0,
            listening: None,
            read: VecDeque::new(),
            reading: None,
            next_words: Instant::now(),
            end: AtomicU64::default(),
        }
    }

    pub fn pair(&self) -> Pair {
        self.pair
    }

    /// The number of the newest durable event that was told.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Whether events are known of that were not told yet.
    pub fn is_behind(&self) -> bool {
        !self.read.is_empty() || self.topic.state().head > self.seq
    }

    /// All events after this number will be told.
    pub fn start_after(&mut self, seq: u64) {
        self.seq = seq;
        self.read.clear();
        self.reading = None;
        self.listening = None;
    }

    /// The log is known to go up to this number: all of it will be told, though nobody here has heard of it.
    pub fn expect_up_to(&self, head: u64) {
        self.topic.reaches(head);
    }

    /// The run that streams, when all events up to now were told: its words so far are a snapshot, and the next ones
    /// follow.
    pub fn active(&mut self) -> Option<Words> {
        let speech = {
            let state = self.topic.state();
            Arc::clone(state.live_after(self.seq)?)
        };
        Some(self.listen_to(speech))
    }

    /// As [`Watch::active`], if it is this turn that streams, whatever else was told.
    pub fn snapshot_of(&mut self, turn: TurnId) -> Option<Words> {
        let listening = self.listening.as_ref();
        let heard = listening.map(|listening| &listening.speech);
        let speech = heard
            .filter(|speech| speech.turn_id == turn)
            .map(Arc::clone);
        let speech = speech.or_else(|| {
            let state = self.topic.state();
            let live = state.live_after(self.seq);
            live.filter(|speech| speech.turn_id == turn).map(Arc::clone)
        });
        speech.map(|speech| self.listen_to(speech))
    }

    /// Keeps nothing but its place: what was read ahead is read again when it can be told.
    pub fn let_go(&mut self) {
        self.read = VecDeque::new();
        self.reading = None;
    }

    /// Waits for what is to be told next. Safe to drop while waiting. A store that is away is waited for.
    pub async fn next(&mut self) -> Result<News, WatchError> {
        let topic = Arc::clone(&self.topic);
        loop {
            let (news, words) = (topic.news.notified(), topic.words.notified());
            tokio::pin!(news, words);
            // From here on no ring is missed.
            news.as_mut().enable();
            words.as_mut().enable();
            match self.due() {
                Due::News(news) => return Ok(news),
                Due::Log => self.read_log().await?,
                Due::WordsAt(time) => tokio::select! {
                    () = news => {}
                    () = sleep_until(time) => {}
                },
                Due::Nothing => tokio::select! {
                    () = news => {}
                    () = words => {}
                },
            }
        }
    }

    /// What is to be told next, if neither the log nor time has to be asked for it.
    pub fn next_known(&mut self) -> Option<News> {
        match self.due() {
            Due::News(news) => Some(news),
            Due::Log | Due::WordsAt(_) | Due::Nothing => None,
        }
    }

    /// Waits until the turn may have ended, at most for a second. No end is waited for twice: who could not read what is
    /// stored of it asks again after that second.
    pub(crate) async fn wait_for_end(&self, turn: TurnId) {
        let ended = async {
            loop {
                let news = self.topic.news.notified();
                tokio::pin!(news);
                news.as_mut().enable();
                let end = self.topic.state().end_of(turn);
                if end.is_some_and(|end| self.end.swap(end, Ordering::Relaxed) != end) {
                    return;
                }
                news.await;
            }
        };
        let _ = tokio::time::timeout(LOOK_AGAIN, ended).await;
    }

    fn due(&mut self) -> Due {
        let state = self.topic.state();
        let read = self.read.front().map(|event| Arc::clone(&event.happening));
        let next = read.or_else(|| state.event(self.seq + 1));
        if let Some(happening) = next {
            let live = state.live().cloned();
            drop(state);
            return Due::News(self.tell(happening, live));
        }
        if state.head > self.seq {
            return Due::Log;
        }
        let Some(live) = state.live_after(self.seq).cloned() else {
            return Due::Nothing;
        };
        drop(state);
        match &self.listening {
            Some(listening) if Arc::ptr_eq(&listening.speech, &live) => {
                if !listening.has_more() {
                    Due::Nothing
                } else if Instant::now() < self.next_words {
                    Due::WordsAt(self.next_words)
                } else {
                    self.next_words = Instant::now() + PACE;
                    self.more_words().map_or(Due::Nothing, Due::News)
                }
            }
            _ => Due::News(News::Snapshot(self.listen_to(live))),
        }
    }

    /// The next event; before the end of a run that is listened to, its last words.
    fn tell(&mut self, happening: Arc<Happening>, live: Option<Arc<Speech>>) -> News {
        if let Some(run) = happening.ends() {
            let is_its = |listening: &Listening| listening.speech.is(run);
            if self.listening.as_ref().is_some_and(is_its) {
                if let Some(words) = self.more_words() {
                    return words;
                }
                self.listening = None;
            }
        }
        if let Some(run) = happening.starts() {
            let speech = live.filter(|speech| speech.is(run));
            self.listening = speech.map(Listening::from_the_start);
        }
        self.read.pop_front();
        self.seq += 1;
        News::Durable {
            seq: self.seq,
            happening,
        }
    }

    fn more_words(&mut self) -> Option<News> {
        let listening = self.listening.as_mut()?;
        let (attempt, text) = listening.speech.after(listening.attempt, listening.bytes);
        if text.is_empty() {
            return None;
        }
        if attempt != listening.attempt {
            *listening = Listening {
                attempt,
                ..Listening::from_the_start(Arc::clone(&listening.speech))
            };
        }
        let words = listening.words(text);
        listening.bytes += words.text.len();
        listening.index += 1;
        Some(News::Delta(words))
    }

    fn listen_to(&mut self, speech: Arc<Speech>) -> Words {
        let (attempt, text) = speech.after(0, 0);
        let before = self.listening.take();
        let is_same = |listening: &Listening| {
            listening.speech.is((speech.turn_id, speech.run)) && listening.attempt == attempt
        };
        let index = before.filter(is_same).map_or(0, |heard| heard.index);
        let listening = Listening {
            attempt,
            bytes: text.len(),
            index,
            speech,
        };
        let words = listening.words(text);
        self.listening = Some(listening);
        words
    }

    async fn read_log(&mut self) -> Result<(), WatchError> {
        let (log, pair, after) = (&self.hub.inner.log, self.pair, self.seq);
        let reading = self.reading.get_or_insert_with(|| Reading {
            after,
            events: tokio::spawn(look(log.clone(), pair, after)),
        });
        let (read_after, read) = (reading.after, (&mut reading.events).await);
        self.reading = None;
        if read_after != after {
            // What was handed over meanwhile has been told.
            return Ok(());
        }
        match read.unwrap_or_else(|died| Err(StoreError::Failed(died.into()))) {
            Ok(mut events) => {
                let numbers = events.iter().map(|event| event.seq);
                let next = numbers
                    .zip(self.seq + 1..)
                    .take_while(|(seq, no)| seq == no);
                let up_to_a_hole = next.count();
                events.truncate(up_to_a_hole);
                if events.is_empty() {
                    return Err(WatchError::Forgotten);
                }
                self.topic.has_read(&events);
                self.read = events.into();
            }
            Err(StoreError::Unavailable(_)) => {}
            Err(error @ StoreError::Failed(_)) => return Err(error.into()),
        }
        Ok(())
    }
}

/// Reads on in the log. A store that is away is left alone for a while.
async fn look(log: Log, pair: Pair, after: u64) -> Result<Vec<Numbered>, StoreError> {
    let read = log.read(pair, after).await;
    if let Err(error @ StoreError::Unavailable(_)) = &read {
        warn!(error = chain(error), "failed to read the event log");
        sleep(LOOK_AGAIN).await;
    }
    read
}

impl Listening {
    fn from_the_start(speech: Arc<Speech>) -> Self {
        Self {
            speech,
            attempt: 1,
            bytes: 0,
            index: 0,
        }
    }

    fn has_more(&self) -> bool {
        self.speech.goes_on_after(self.attempt, self.bytes)
    }

    fn words(&self, text: String) -> Words {
        Words {
            turn_id: self.speech.turn_id,
            run: self.speech.run,
            attempt: self.attempt,
            index: self.index,
            text,
        }
    }
}
