//! Looks for many strings at once, in one pass over a text.

use std::collections::{BTreeMap, HashSet};

use aho_corasick::automaton::Automaton;
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, BuildError};

/// Strings to be found, each with those to whom it means something.
#[derive(Debug)]
pub(super) struct Finder {
    automaton: Option<NFA>,
    /// By the automaton's numbers of the strings.
    owners: Vec<Vec<usize>>,
}

impl Finder {
    /// Fails for gigabytes of strings.
    pub(super) fn new(strings: BTreeMap<String, Vec<usize>>) -> Result<Self, BuildError> {
        let (strings, owners): (Vec<String>, Vec<Vec<usize>>) = strings.into_iter().unzip();
        let automaton = if strings.is_empty() {
            None
        } else {
            Some(NFA::new(strings)?)
        };
        Ok(Self { automaton, owners })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.automaton.is_none()
    }

    /// The owners of each string that `text` holds; who owns many may be named as often.
    pub(super) fn find(&self, text: &str) -> Vec<usize> {
        let mut found = Vec::new();
        let Some(automaton) = &self.automaton else {
            return found;
        };
        let Ok(mut state) = automaton.start_state(Anchored::No) else {
            return found;
        };
        let mut seen = HashSet::new();
        for byte in text.bytes() {
            state = automaton.next_state(Anchored::No, state, byte);
            if !automaton.is_special(state) || !automaton.is_match(state) {
                continue;
            }
            // The longest comes first and each is an end of the one before: after one that was seen all were.
            for place in 0..automaton.match_len(state) {
                let string = automaton.match_pattern(state, place);
                if !seen.insert(string) {
                    break;
                }
                found.extend_from_slice(&self.owners[string.as_usize()]);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_string_that_is_there_is_found_and_no_other(
            strings in prop::collection::btree_set("[ab]{1,6}", 0..24),
            text in "[abc]{0,40}",
        ) {
            let owned = strings.iter().cloned().zip((0..).map(|owner| vec![owner]));
            let finder = Finder::new(owned.collect()).unwrap();
            let found = finder.find(&text);
            let expected: Vec<usize> = strings
                .iter()
                .enumerate()
                .filter(|(_, string)| text.contains(string.as_str()))
                .map(|(owner, _)| owner)
                .collect();
            prop_assert_eq!(found.len(), expected.len());
            prop_assert_eq!(BTreeSet::from_iter(found), BTreeSet::from_iter(expected));
        }
    }
}
