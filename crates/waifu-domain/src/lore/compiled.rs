//! A lorebook made ready once for many activations.

use std::collections::{BTreeMap, HashMap};

use super::decorators::{self, Decorators};
use super::finder::Finder;
use super::marked::{Case, whole};
use super::pattern::{KeyFault, Pattern};
use super::{LoreEntry, LorePosition, Lorebook, Place};
use crate::prompt::PromptRole;

/// Bytes of keys in a book, as they are looked for.
const MOST_KEY_BYTES: usize = 2 * 1024 * 1024;
/// Bytes of memory that a book's compiled patterns take.
const MOST_PATTERN_BYTES: usize = 32 * 1024 * 1024;

/// Keys compiled, decorators read, entries that never come up left out.
#[derive(Debug)]
pub struct CompiledLorebook {
    pub(super) entries: Vec<Entry>,
    pub(super) keys: Vec<Key>,
    /// What to look for in text without case: plain keys, and what patterns need.
    pub(super) folded: Finder,
    /// Plain keys whose case counts.
    pub(super) sensitive: Finder,
    /// Patterns that need nothing in particular, by number.
    pub(super) needless: Vec<usize>,
    pub(super) broken: Vec<BrokenPattern>,
    pub(super) token_budget: u32,
    pub(super) recursive_scanning: bool,
}

/// A key that never matches, or did not get its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenPattern {
    /// Into the book's entries.
    pub index: usize,
    pub key: String,
    pub why: KeyFault,
}

#[derive(Debug)]
pub(super) struct Entry {
    /// Into the book's entries.
    pub(super) index: usize,
    pub(super) comes_up: ComesUp,
    pub(super) primary: Vec<usize>,
    /// One of these has to be there too, when there are such keys.
    pub(super) secondary: Option<Vec<usize>>,
    /// How many of the newest messages are looked through.
    pub(super) scan_depth: usize,
    pub(super) text: String,
    pub(super) place: Place,
    pub(super) insertion_order: i64,
    pub(super) priority: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ComesUp {
    Always,
    ByDecorator,
    ByKeys,
}

/// A key once, whichever entries have it.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) text: String,
    /// `None` for a plain one.
    pub(super) pattern: Option<Pattern>,
    /// How many of the newest messages anybody looks through for it.
    pub(super) scan_depth: usize,
    /// The entries that have it.
    pub(super) entries: Vec<usize>,
}

impl CompiledLorebook {
    pub fn new(book: &Lorebook) -> Self {
        let mut made = Compilation::default();
        let entries = book.entries.iter().enumerate();
        let entries = entries
            .filter_map(|(index, entry)| made.compile(index, entry, book.settings.scan_depth))
            .collect();
        let (folded, sensitive) = (Finder::new(made.folded), Finder::new(made.sensitive));
        Self {
            entries,
            folded: folded.expect("no more keys than MOST_KEY_BYTES"),
            sensitive: sensitive.expect("no more keys than MOST_KEY_BYTES"),
            keys: made.keys,
            needless: made.needless,
            broken: made.broken,
            token_budget: book.settings.token_budget,
            recursive_scanning: book.settings.recursive_scanning,
        }
    }

    /// Keys that can never match.
    pub fn broken(&self) -> &[BrokenPattern] {
        &self.broken
    }
}

/// The keys of a book while it is compiled.
#[derive(Default)]
struct Compilation<'a> {
    keys: Vec<Key>,
    /// Numbers of keys, by text, kind and case; or what is wrong with them.
    known: HashMap<(&'a str, bool, bool), Result<usize, KeyFault>>,
    folded: BTreeMap<String, Vec<usize>>,
    sensitive: BTreeMap<String, Vec<usize>>,
    needless: Vec<usize>,
    broken: Vec<BrokenPattern>,
    key_bytes: usize,
    pattern_bytes: usize,
}

impl<'a> Compilation<'a> {
    /// `None` for an entry that never comes up.
    fn compile(&mut self, index: usize, entry: &'a LoreEntry, scan_depth: u32) -> Option<Entry> {
        let (decorators, text) = decorators::read(&entry.content);
        let comes_up = match &decorators {
            _ if !entry.enabled || text.is_empty() => return None,
            Decorators { activate: true, .. } => ComesUp::ByDecorator,
            Decorators {
                dont_activate: true,
                ..
            } => return None,
            _ if entry.constant => ComesUp::Always,
            _ => ComesUp::ByKeys,
        };
        let scan_depth = usize::try_from(decorators.scan_depth.unwrap_or(scan_depth));
        let scan_depth = scan_depth.unwrap_or(usize::MAX);
        let is_selective = entry.selective && has_keys(&entry.secondary_keys);
        let mut numbers = |keys| self.numbers(index, entry, keys, scan_depth);
        Some(Entry {
            index,
            comes_up,
            primary: numbers(&entry.keys),
            secondary: is_selective.then(|| numbers(&entry.secondary_keys)),
            scan_depth,
            text: text.to_owned(),
            place: place(&decorators, entry.position),
            insertion_order: entry.insertion_order,
            priority: entry.priority,
        })
    }

    /// Of those keys that can match.
    fn numbers(
        &mut self,
        index: usize,
        entry: &LoreEntry,
        keys: &'a [String],
        scan_depth: usize,
    ) -> Vec<usize> {
        let mut numbers = Vec::new();
        for text in keys.iter().filter(|key| !key.trim().is_empty()) {
            let id = (text.as_str(), entry.use_regex, entry.case_sensitive);
            let known = if let Some(known) = self.known.get(&id) {
                known.clone()
            } else {
                let added = self.add(text, entry);
                self.known.insert(id, added.clone());
                added
            };
            match known {
                Ok(number) => {
                    let key = &mut self.keys[number];
                    key.scan_depth = key.scan_depth.max(scan_depth);
                    key.entries.push(index);
                    numbers.push(number);
                }
                Err(why) => self.broken.push(BrokenPattern {
                    index,
                    key: text.clone(),
                    why,
                }),
            }
        }
        numbers
    }

    fn add(&mut self, text: &str, entry: &LoreEntry) -> Result<usize, KeyFault> {
        let number = self.keys.len();
        let pattern = if entry.use_regex {
            let pattern = Pattern::new(text, entry.case_sensitive)?;
            grow(
                &mut self.pattern_bytes,
                pattern.memory(),
                MOST_PATTERN_BYTES,
            )?;
            let needed = pattern.needed.as_deref();
            let bytes = needed.unwrap_or_default().iter().map(String::len).sum();
            grow(&mut self.key_bytes, bytes, MOST_KEY_BYTES)?;
            match needed {
                Some(strings) => strings.iter().for_each(|string| {
                    self.folded.entry(string.clone()).or_default().push(number);
                }),
                None => self.needless.push(number),
            }
            Some(pattern)
        } else {
            let (case, strings) = if entry.case_sensitive {
                (Case::Sensitive, &mut self.sensitive)
            } else {
                (Case::Folded, &mut self.folded)
            };
            let string = whole(text.trim(), case);
            grow(&mut self.key_bytes, string.len(), MOST_KEY_BYTES)?;
            if !string.is_empty() {
                strings.entry(string).or_default().push(number);
            }
            None
        };
        self.keys.push(Key {
            text: text.to_owned(),
            pattern,
            scan_depth: 0,
            entries: Vec::new(),
        });
        Ok(number)
    }
}

fn has_keys(keys: &[String]) -> bool {
    keys.iter().any(|key| !key.trim().is_empty())
}

fn grow(size: &mut usize, by: usize, most: usize) -> Result<(), KeyFault> {
    let grown = *size + by;
    if grown > most {
        return Err(KeyFault::TooLarge);
    }
    *size = grown;
    Ok(())
}

/// A position that a decorator names counts before a depth, and a role only at a depth.
fn place(decorators: &Decorators, position: LorePosition) -> Place {
    match (decorators.position, decorators.depth) {
        (None, Some(depth)) => Place::AtDepth {
            depth,
            role: decorators.role.unwrap_or(PromptRole::System),
        },
        (named, _) => match named.unwrap_or(position) {
            LorePosition::BeforeChar => Place::BeforeChar,
            LorePosition::AfterChar => Place::AfterChar,
        },
    }
}
