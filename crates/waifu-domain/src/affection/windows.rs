//! Rolling windows: the rows that stand in `(at − span, at]`, and the room that they leave.

use crate::relationship::{InteractionKind, StandingEntry};

use super::judge::Bench;
use super::rule_book::Cap;
use super::tally::Room;

impl Bench<'_> {
    pub(super) fn window(&self, kind: InteractionKind, cap: Cap) -> Vec<&StandingEntry> {
        let opens = self.at.minus(cap.window());
        self.state
            .entries
            .iter()
            .filter(|entry| entry.kind == kind && entry.at > opens)
            .collect()
    }

    /// What the rows of a kind leave of its cap. Gains and losses are summed apart: a loss makes no room for gains.
    pub(super) fn room(&self, kind: InteractionKind, cap: Cap) -> Room {
        let window = self.window(kind, cap);
        Room {
            gain: cap.gain - gains(&window),
            loss: cap.loss - losses(&window),
        }
    }
}

pub(super) fn gains(entries: &[&StandingEntry]) -> i32 {
    entries
        .iter()
        .map(|entry| entry.affection_change.max(0))
        .sum()
}

fn losses(entries: &[&StandingEntry]) -> i32 {
    -entries
        .iter()
        .map(|entry| entry.affection_change.min(0))
        .sum::<i32>()
}
