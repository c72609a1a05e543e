//! What comes up, what of it fits, what holds of every lorebook, and how long it takes.

mod budget;
mod firing;
mod properties;
mod speed;

use super::*;
use crate::prompt::TokenCounter;

/// A token a byte.
#[derive(Debug)]
struct Bytes;

impl TokenCounter for Bytes {
    fn count(&self, text: &str) -> u32 {
        u32::try_from(text.len()).unwrap()
    }
}

fn entry(keys: &[&str], content: &str) -> LoreEntry {
    LoreEntry {
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        content: content.to_owned(),
        ..LoreEntry::default()
    }
}

fn book(entries: Vec<LoreEntry>) -> Lorebook {
    Lorebook {
        settings: LoreSettings::default(),
        entries,
    }
}

fn activated(book: &Lorebook, messages: &[&str]) -> Activation {
    activate(&CompiledLorebook::new(book), &Scan { messages }, &Bytes)
}

/// The indexes of what comes up, in the order in which it is told.
fn told(book: &Lorebook, messages: &[&str]) -> Vec<usize> {
    let fired = activated(book, messages).fired;
    fired.into_iter().map(|fired| fired.index).collect()
}
