//! What a client makes of what it is told, and what it insists on.

use std::collections::{HashMap, HashSet};

use waifu_app::turns::news::{Happening, News, Words};
use waifu_domain::ids::TurnId;
use waifu_domain::turn::{RunNo, plain_text};

use super::Place;

#[derive(Debug)]
pub(super) struct Client {
    place: Place,
    durable: Vec<(u64, String)>,
    seq: u64,
    heard: HashMap<(TurnId, RunNo), Heard>,
    ended: HashSet<(TurnId, RunNo)>,
}

#[derive(Debug)]
struct Heard {
    attempt: u32,
    next_index: u64,
    text: String,
}

impl Client {
    pub(super) fn at(seq: u64, place: Place) -> Self {
        Self {
            place,
            durable: Vec::new(),
            seq,
            heard: HashMap::new(),
            ended: HashSet::new(),
        }
    }

    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    pub(super) fn durable(&self) -> &[(u64, String)] {
        &self.durable
    }

    /// It has lost its connection, and the words that it showed with it.
    pub(super) fn returns(&mut self, active: Option<Words>) {
        self.heard.clear();
        if let Some(words) = active {
            self.snapshot(words);
        }
    }

    pub(super) fn hear(&mut self, news: News) {
        match news {
            News::Durable { seq, happening } => {
                assert_eq!(seq, self.seq + 1, "told out of order");
                self.seq = seq;
                self.durable.push((seq, format!("{happening:?}")));
                if let Happening::TurnDone(done) = &*happening {
                    let message = done.message.as_ref();
                    let stored = message.map_or_else(String::new, |m| plain_text(&m.parts));
                    self.end((done.turn_id, done.run), &stored);
                }
            }
            News::Delta(words) => self.delta(&words),
            News::Snapshot(words) => self.snapshot(words),
        }
    }

    fn end(&mut self, run: (TurnId, RunNo), stored: &str) {
        assert!(self.ended.insert(run), "a run ended twice");
        let Some(heard) = self.heard.remove(&run) else {
            return;
        };
        match self.place {
            Place::Here => assert_eq!(heard.text, stored, "told other words than were said"),
            Place::Elsewhere => assert!(stored.starts_with(&heard.text), "{heard:?}, {stored}"),
        }
    }

    fn delta(&mut self, words: &Words) {
        let run = (words.turn_id, words.run);
        assert!(!self.ended.contains(&run), "words after the end");
        assert!(!words.text.is_empty(), "a delta without words");
        let heard = self.heard.entry(run).or_insert(Heard {
            attempt: words.attempt,
            next_index: 0,
            text: String::new(),
        });
        if words.attempt > heard.attempt {
            *heard = Heard {
                attempt: words.attempt,
                next_index: 0,
                text: String::new(),
            };
        }
        let expected = (heard.attempt, heard.next_index);
        assert_eq!(
            (words.attempt, words.index),
            expected,
            "a hole in the deltas"
        );
        heard.next_index += 1;
        heard.text += &words.text;
    }

    fn snapshot(&mut self, words: Words) {
        let run = (words.turn_id, words.run);
        assert!(!self.ended.contains(&run), "words after the end");
        assert_eq!(words.index, 0);
        let heard = Heard {
            attempt: words.attempt,
            next_index: 0,
            text: words.text,
        };
        self.heard.insert(run, heard);
    }
}
