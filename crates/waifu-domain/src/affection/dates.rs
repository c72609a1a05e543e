//! Dates: her taste, her playfulness, repetition, and a pause between two of the same.

use crate::catalogue::DatePlan;
use crate::relationship::{Cause, InteractionKind, Rule};
use crate::slug::Slug;

use super::judge::{Bench, Refusal, VerdictRow};
use super::taste::{Taste, TasteRuleNames};

impl Bench<'_> {
    pub(super) fn date(&self, key: &Slug, date: &DatePlan) -> Result<VerdictRow, Refusal> {
        if let Some(lack) = date.lack(&self.state) {
            return Err(lack.into());
        }
        let last = self.state.deeds.dates.get(key).copied();
        if let Some(retry_at) = last.map(|last| last.plus(date.cooldown()))
            && self.at < retry_at
        {
            return Err(Refusal::TooSoon { retry_at });
        }
        let rules = self.book.dates();
        let taste = self.taste(&date.tags);
        let names = TasteRuleNames {
            base: Rule::DATE_BASE,
            liked: Rule::DATE_LIKED,
            disliked: Rule::DATE_DISLIKED,
        };
        let mut tally = self.by_taste(date.base.get(), taste, names);
        if !matches!(taste, Taste::Disliked(_)) {
            let playfulness = self.setting.waifu.stats.playfulness;
            let permille = rules.playfulness_permille.of(playfulness);
            tally = tally.times(Rule::STAT_PLAYFULNESS, permille);
            if rules.repeated.counts(last, self.at) {
                tally = tally.times(Rule::DATE_REPEATED, rules.repeated.permille());
            }
        }
        let room = self.room(InteractionKind::Date, rules.cap);
        let change = tally.apply(&[(Rule::CAP_DATE, room)], self.state.affection);
        let cause = Cause::Date { date: key.clone() };
        Ok(self.row(InteractionKind::Date, change, cause, Vec::new()))
    }
}
