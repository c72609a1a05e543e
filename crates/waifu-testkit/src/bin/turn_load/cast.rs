//! Who talks: the callers of a target, each with a relationship of their own that one turn at a time is in.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::template::Member;

/// What is kept in a file from the preparation to the last measurement.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct CastFile {
    pub(crate) members: Vec<Member>,
    /// What the server sends to its model for one turn of this cast.
    #[serde(default)]
    pub(crate) prompt_bytes: usize,
}

impl CastFile {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let failed = || format!("failed to read the cast {}", path.display());
        let text = fs::read_to_string(path).with_context(failed)?;
        serde_json::from_str(&text).with_context(failed)
    }

    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string(self).context("failed to write down the cast")?;
        fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))
    }
}

/// Hands members out in rotation; who is in a turn is passed over.
#[derive(Debug)]
pub(crate) struct Cast {
    pub(crate) members: Vec<Member>,
    free: RefCell<VecDeque<usize>>,
}

impl Cast {
    pub(crate) fn new(members: Vec<Member>) -> Self {
        let free = RefCell::new((0..members.len()).collect());
        Self { members, free }
    }

    /// The one who has waited longest; `None` when all are talking.
    pub(crate) fn take(&self) -> Option<usize> {
        self.free.borrow_mut().pop_front()
    }

    pub(crate) fn give_back(&self, member: usize) {
        self.free.borrow_mut().push_back(member);
    }
}

#[cfg(test)]
mod tests {
    use super::Cast;
    use crate::template::Member;

    #[test]
    fn nobody_is_in_two_turns_and_everybody_has_a_turn() {
        let cast = Cast::new(vec![Member::new(); 3]);
        assert_eq!(
            [cast.take(), cast.take(), cast.take()],
            [Some(0), Some(1), Some(2)]
        );
        assert_eq!(cast.take(), None);
        cast.give_back(1);
        cast.give_back(0);
        assert_eq!(
            [cast.take(), cast.take(), cast.take()],
            [Some(1), Some(0), None]
        );
    }
}
