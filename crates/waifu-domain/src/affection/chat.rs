//! Chat: five kinds of words, her warmth and patience, and two caps in a rolling window.

use crate::ids::TurnId;
use crate::relationship::{Cause, InteractionKind, Rule, StandingEntry};

use super::Appraisal;
use super::judge::{Bench, VerdictRow};
use super::tally::{Room, Tally};
use super::windows::gains;

impl Bench<'_> {
    pub(super) fn chat(&self, turn_id: TurnId, appraisal: Appraisal) -> VerdictRow {
        let rules = self.book.chat();
        let stats = &self.setting.waifu.stats;
        let base = rules.base(appraisal);
        let tally = Tally::new(Rule::chat(appraisal), base);
        let tally = if base < 0 {
            tally.times(Rule::STAT_PATIENCE, rules.loss_permille.of(stats.patience))
        } else {
            tally.times(Rule::STAT_WARMTH, rules.gain_permille.of(stats.warmth))
        };
        let room = self.room(InteractionKind::Chat, rules.cap);
        let mut rooms = Vec::with_capacity(2);
        if appraisal == Appraisal::Neutral {
            let window = self.window(InteractionKind::Chat, rules.cap);
            let small_talk: Vec<_> = window
                .into_iter()
                .filter(|entry| is_small_talk(entry))
                .collect();
            let share = Room {
                gain: rules.small_talk.most(stats.curiosity) - gains(&small_talk),
                loss: room.loss,
            };
            rooms.push((Rule::CAP_SMALL_TALK, share));
        }
        rooms.push((Rule::CAP_CHAT, room));
        let change = tally.apply(&rooms, self.state.affection);
        let cause = Cause::Turn { turn_id, appraisal };
        self.row(InteractionKind::Chat, change, cause, Vec::new())
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
