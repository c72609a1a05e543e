//! The words of one run so far: held once, and shared by who says them, saves them and watches them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use waifu_domain::ids::TurnId;
use waifu_domain::turn::RunNo;

#[derive(Debug)]
pub(crate) struct Speech {
    pub(crate) turn_id: TurnId,
    pub(crate) run: RunNo,
    said: Mutex<Said>,
}

#[derive(Debug)]
struct Said {
    attempt: u32,
    text: String,
}

impl Speech {
    pub(crate) fn new(turn_id: TurnId, run: RunNo) -> Self {
        Self::with_words(turn_id, run, String::new())
    }

    pub(crate) fn with_words(turn_id: TurnId, run: RunNo, text: String) -> Self {
        let said = Mutex::new(Said { attempt: 1, text });
        Self { turn_id, run, said }
    }

    pub(crate) fn is(&self, run: (TurnId, RunNo)) -> bool {
        (self.turn_id, self.run) == run
    }

    pub(crate) fn text(&self) -> String {
        self.said().text.clone()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.said().text.is_empty()
    }

    /// Adds words, up to `limit` bytes in all; `text` is cut to what was added. Returns whether it was cut.
    pub(crate) fn say(&self, text: &mut String, limit: usize) -> bool {
        let mut said = self.said();
        let room = limit.saturating_sub(said.text.len());
        let cut = text.len() > room;
        text.truncate(text.floor_char_boundary(room));
        said.text.push_str(text);
        cut
    }

    /// Takes over what another process has saved. Words are only ever added.
    pub(super) fn catch_up(&self, text: String) {
        let mut said = self.said();
        if text.len() > said.text.len() {
            said.text = text;
        }
    }

    /// The provider is called once more. Nothing was said yet.
    pub(crate) fn next_attempt(&self) {
        let mut said = self.said();
        said.attempt += 1;
        said.text.clear();
    }

    /// Whether [`Speech::after`] has words to tell.
    pub(super) fn goes_on_after(&self, attempt: u32, bytes: usize) -> bool {
        let said = self.said();
        let from = if said.attempt == attempt { bytes } else { 0 };
        said.text.len() > from
    }

    /// The attempt that speaks, and its words after so many bytes of that attempt.
    pub(super) fn after(&self, attempt: u32, bytes: usize) -> (u32, String) {
        let said = self.said();
        let from = if said.attempt == attempt { bytes } else { 0 };
        let rest = said.text.get(from..).unwrap_or_default();
        (said.attempt, rest.to_owned())
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
