//! Which lore a message brings up.

use std::collections::BTreeSet;

use super::compiled::{BrokenPattern, ComesUp, CompiledLorebook, Entry};
use super::marked::{Case, whole};
use super::pattern::{KeyFault, Runner};
use crate::prompt::{PromptRole, TokenCounter};

/// Steps that a book's patterns may take in one activation; about five milliseconds.
const PATTERN_STEPS: usize = 1024 * 1024;
/// How long a chain of entries may grow of which each brings up the next.
const MOST_ROUNDS: usize = 8;
/// Steps that looking through entries may take: a byte is one, what has to be asked of a key more.
const RECURSION_STEPS: usize = 256 * 1024;
const STEPS_OF_A_KEY: usize = 16;

/// What is looked through for keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scan<'a> {
    /// The newest first.
    pub messages: &'a [&'a str],
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activation {
    /// What the model is told, by insertion order.
    pub fired: Vec<Fired>,
    /// What came up and found no room, by priority.
    pub cut: Vec<Cut>,
    pub broken: Vec<BrokenPattern>,
}

/// An entry that came up and is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    /// Into the book's entries.
    pub index: usize,
    pub why: Why,
    pub tokens: u32,
    pub place: Place,
    /// The content without its decorators.
    pub text: String,
}

/// An entry that came up and did not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Into the book's entries.
    pub index: usize,
    pub why: Why,
    pub tokens: u32,
}

/// What brought an entry up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    Constant,
    /// The newest message that holds one of its keys, from 0.
    Key {
        key: String,
        message: usize,
    },
    /// The text of another entry, by its index.
    Recursion {
        key: String,
        by: usize,
    },
    Decorator,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    BeforeChar,
    AfterChar,
    /// Within the talk, before its last `depth` messages.
    AtDepth {
        depth: u32,
        role: PromptRole,
    },
}

/// What of the book the talk brings up, and what of that fits in the book's budget.
///
/// The same book, messages and counter always give the same. What entries bring up stops where the work for it does,
/// and patterns that did not get their turn are named as broken. Macros are not expanded here: a counter that expands
/// before it counts keeps the budget exact.
pub fn activate(book: &CompiledLorebook, request: &Scan, counter: &dyn TokenCounter) -> Activation {
    let mut search = Search::new(book);
    search.look_through_messages(request.messages);
    let mut up = search.brought_up(&BTreeSet::new());
    if book.recursive_scanning {
        let mut are_up: BTreeSet<usize> = up.iter().map(|(number, _)| *number).collect();
        let mut fresh = 0;
        for _ in 0..MOST_ROUNDS {
            search.look_through_entries(&up[fresh..]);
            fresh = up.len();
            up.extend(search.brought_up(&are_up));
            if up.len() == fresh {
                break;
            }
            are_up.extend(up[fresh..].iter().map(|(number, _)| *number));
        }
    }
    let (fired, cut) = within_budget(book, up, counter);
    Activation {
        fired,
        cut,
        broken: [book.broken.clone(), search.unlooked()].concat(),
    }
}

/// Keeps by priority what fits; what is too large leaves its room to those after it.
fn within_budget(
    book: &CompiledLorebook,
    mut up: Vec<(usize, Why)>,
    counter: &dyn TokenCounter,
) -> (Vec<Fired>, Vec<Cut>) {
    let entry = |number: usize| &book.entries[number];
    up.sort_by_key(|(number, _)| {
        let Entry {
            priority,
            insertion_order,
            ..
        } = entry(*number);
        (std::cmp::Reverse(*priority), *insertion_order, *number)
    });
    let mut room = book.token_budget;
    let mut kept = Vec::new();
    let mut cut = Vec::new();
    for (number, why) in up {
        let Entry { index, text, .. } = entry(number);
        let tokens = counter.count(text);
        if let Some(left) = room.checked_sub(tokens) {
            room = left;
            kept.push((number, why, tokens));
        } else {
            cut.push(Cut {
                index: *index,
                why,
                tokens,
            });
        }
    }
    kept.sort_by_key(|(number, ..)| (entry(*number).insertion_order, *number));
    let fired = kept.into_iter().map(|(number, why, tokens)| {
        let Entry {
            index, place, text, ..
        } = entry(number);
        Fired {
            index: *index,
            why,
            tokens,
            place: *place,
            text: text.clone(),
        }
    });
    (fired.collect(), cut)
}

/// Where keys were found so far.
struct Search<'a> {
    book: &'a CompiledLorebook,
    /// By the keys' numbers: the newest message that holds the key.
    in_messages: Vec<Option<usize>>,
    /// By the keys' numbers: the first entry that holds the key.
    in_entries: Vec<Option<usize>>,
    runner: Runner,
    unlooked: BTreeSet<usize>,
    recursion_left: usize,
}

impl<'a> Search<'a> {
    fn new(book: &'a CompiledLorebook) -> Self {
        Self {
            book,
            in_messages: vec![None; book.keys.len()],
            in_entries: vec![None; book.keys.len()],
            runner: Runner::new(PATTERN_STEPS),
            unlooked: BTreeSet::new(),
            recursion_left: RECURSION_STEPS,
        }
    }

    fn look_through_messages(&mut self, messages: &[&str]) {
        let depth = self.book.keys.iter().map(|key| key.scan_depth).max();
        for (message, text) in messages.iter().enumerate().take(depth.unwrap_or(0)) {
            let mut keys = self.candidates(text);
            keys.retain(|key| {
                self.in_messages[*key].is_none() && message < self.book.keys[*key].scan_depth
            });
            for key in keys {
                if self.is_there(key, text) {
                    self.in_messages[key] = Some(message);
                }
            }
        }
    }

    /// Entries that the model is not told for want of room are looked through as well.
    fn look_through_entries(&mut self, entries: &[(usize, Why)]) {
        for (number, _) in entries {
            let Entry { index, text, .. } = &self.book.entries[*number];
            let Some(left) = self.recursion_left.checked_sub(text.len()) else {
                continue;
            };
            let mut keys = self.candidates(text);
            self.recursion_left = left.saturating_sub(keys.len() * STEPS_OF_A_KEY);
            keys.retain(|key| self.in_entries[*key].is_none());
            for key in keys {
                if self.is_there(key, text) {
                    self.in_entries[key] = Some(*index);
                }
            }
        }
    }

    /// The keys that `text` may hold, in the order of the book, so that the same patterns get their turn each time.
    fn candidates(&self, text: &str) -> Vec<usize> {
        let book = self.book;
        let mut keys = book.folded.find(&whole(text, Case::Folded));
        if !book.sensitive.is_empty() {
            keys.extend(book.sensitive.find(&whole(text, Case::Sensitive)));
        }
        keys.extend(&book.needless);
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Whether a key is there that may be.
    fn is_there(&mut self, key: usize, text: &str) -> bool {
        let Some(pattern) = &self.book.keys[key].pattern else {
            return true;
        };
        self.runner.is_in(pattern, text).unwrap_or_else(|_| {
            self.unlooked.insert(key);
            false
        })
    }

    /// The entries that come up by what was found, without those that are up.
    fn brought_up(&self, are_up: &BTreeSet<usize>) -> Vec<(usize, Why)> {
        let entries = self.book.entries.iter().enumerate();
        entries
            .filter(|(number, _)| !are_up.contains(number))
            .filter_map(|(number, entry)| Some((number, self.why(entry)?)))
            .collect()
    }

    fn why(&self, entry: &Entry) -> Option<Why> {
        match entry.comes_up {
            ComesUp::Always => return Some(Why::Constant),
            ComesUp::ByDecorator => return Some(Why::Decorator),
            ComesUp::ByKeys => {}
        }
        if let Some(secondary) = &entry.secondary {
            let is_there = |key: &usize| {
                self.message_with(*key, entry).is_some() || self.in_entries[*key].is_some()
            };
            if !secondary.iter().any(is_there) {
                return None;
            }
        }
        let text = |key: usize| self.book.keys[key].text.clone();
        let keys = || entry.primary.iter().copied();
        let newest = keys()
            .filter_map(|key| Some((self.message_with(key, entry)?, key)))
            .min_by_key(|(message, _)| *message);
        if let Some((message, key)) = newest {
            return Some(Why::Key {
                key: text(key),
                message,
            });
        }
        let (by, key) = keys().find_map(|key| Some((self.in_entries[key]?, key)))?;
        Some(Why::Recursion { key: text(key), by })
    }

    /// The newest message that holds the key, of those that the entry looks through.
    fn message_with(&self, key: usize, entry: &Entry) -> Option<usize> {
        self.in_messages[key].filter(|message| *message < entry.scan_depth)
    }

    /// Patterns that did not get their turn everywhere.
    fn unlooked(&self) -> Vec<BrokenPattern> {
        let keys = self.unlooked.iter().map(|key| &self.book.keys[*key]);
        keys.flat_map(|key| {
            key.entries.iter().map(|index| BrokenPattern {
                index: *index,
                key: key.text.clone(),
                why: KeyFault::TooMuchWork,
            })
        })
        .collect()
    }
}
