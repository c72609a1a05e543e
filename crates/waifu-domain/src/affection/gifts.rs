//! Gifts: her taste, repetition, and her birthday.

use crate::catalogue::Gift;
use crate::relationship::{Cause, Fact, InteractionKind, Rule};
use crate::slug::Slug;
use crate::user::AgeGroup;

use super::judge::{Bench, Refusal, VerdictRow};
use super::taste::{Taste, TasteRuleNames};

impl Bench<'_> {
    pub(super) fn gift(&self, key: &Slug, gift: &Gift) -> Result<VerdictRow, Refusal> {
        if gift.presses_for_return && self.setting.person.age_group == AgeGroup::Minor {
            return Err(Refusal::NotForMinors);
        }
        if let Some(lack) = gift.lack(&self.state) {
            return Err(lack.into());
        }
        let rules = self.book.gifts();
        let taste = self.taste(&gift.tags);
        let names = TasteRuleNames {
            base: Rule::GIFT_BASE,
            liked: Rule::GIFT_LIKED,
            disliked: Rule::GIFT_DISLIKED,
        };
        let mut tally = self.by_taste(gift.base.get(), taste, names);
        let mut room = self.room(InteractionKind::Gift, rules.cap);
        let mut for_birthday = false;
        // What she dislikes hurts every time, and on her birthday too.
        if !matches!(taste, Taste::Disliked(_)) {
            let last = self.state.deeds.gifts.get(key).copied();
            if rules.repeated.counts(last, self.at) {
                tally = tally.times(Rule::GIFT_REPEATED, rules.repeated.permille());
            }
            for_birthday = self.is_her_birthday()
                && !rules
                    .birthday
                    .counts(self.state.deeds.birthday_gift, self.at);
            if for_birthday {
                let permille = rules.birthday.permille();
                tally = tally.times(Rule::GIFT_BIRTHDAY, permille);
                room.gain += rules.cap.gain_times(permille) - rules.cap.gain;
            }
        }
        let change = tally.apply(&[(Rule::CAP_GIFT, room)], self.state.affection);
        let kept = gift.keepsake.then(|| Fact::Kept(key.clone()));
        let cause = Cause::Gift {
            gift: key.clone(),
            for_birthday,
        };
        Ok(self.row(
            InteractionKind::Gift,
            change,
            cause,
            kept.into_iter().collect(),
        ))
    }
}
