//! Chat: five kinds of words, her warmth and patience, and two caps in a rolling window.

use crate::ids::TurnId;
use crate::relationship::{Cause, InteractionKind, Rule, StandingEntry};

use super::Appraisal;
use super::judge::{Bench, VerdictRow};
use super::tally::{Room, Tally};

impl Bench<'_> {
    pub(super) fn chat(&self, turn_id: TurnId, appraisal: Appraisal) -> VerdictRow {
        let rules = self.book.chat();
        let base = rules.base(appraisal);
        let tally = Tally::new(Rule::chat(appraisal), base);
        let tally = if base < 0 {
            tally.times(
                Rule::STAT_PATIENCE,
                rules.loss_permille.of(self.waifu.stats.patience),
            )
        } else {
            tally.times(
                Rule::STAT_WARMTH,
                rules.gain_permille.of(self.waifu.stats.warmth),
            )
        };
        let window = self.window(InteractionKind::Chat, rules.cap.window());
        let chat_room = Room {
            gain: rules.cap.gain - gains(&window),
            loss: rules.cap.loss - losses(&window),
        };
        let mut rooms = Vec::with_capacity(2);
        if appraisal == Appraisal::Neutral {
            let small_talk: Vec<_> = window
                .iter()
                .copied()
                .filter(|entry| is_small_talk(entry))
                .collect();
            let most = rules.small_talk.most(self.waifu.stats.curiosity);
            rooms.push((
                Rule::CAP_SMALL_TALK,
                Room {
                    gain: most - gains(&small_talk),
                    loss: chat_room.loss,
                },
            ));
        }
        rooms.push((Rule::CAP_CHAT, chat_room));
        let applied = tally.apply(&rooms, self.state.affection);
        self.row(
            InteractionKind::Chat,
            applied,
            Cause::Turn { turn_id, appraisal },
        )
    }

    /// The standing rows of a kind in `(at − span, at]`.
    fn window(&self, kind: InteractionKind, span: time::Duration) -> Vec<&StandingEntry> {
        let opens = self.at.minus(span);
        self.state
            .entries
            .iter()
            .filter(|entry| entry.kind == kind && entry.at > opens)
            .collect()
    }
}

fn is_small_talk(entry: &StandingEntry) -> bool {
    matches!(
        entry.cause,
        Cause::Turn {
            appraisal: Appraisal::Neutral,
            ..
        }
    )
}

fn gains(entries: &[&StandingEntry]) -> i32 {
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
