//! Her taste: what she makes of a gift's or a date's tags.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::Lack;
use crate::relationship::Rule;
use crate::slug::Slug;
use crate::waifu::{Personality, Weight};

use super::judge::{Bench, Refusal};
use super::tally::Tally;

/// What she makes of it, and how much it matters to her.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taste {
    Liked(Weight),
    Neutral,
    Disliked(Weight),
}

impl Taste {
    /// By her strongest like or dislike among the tags; a dislike decides.
    pub fn of(personality: &Personality, tags: &BTreeSet<Slug>) -> Self {
        if let Some(weight) = strongest(&personality.dislikes, tags) {
            return Self::Disliked(weight);
        }
        strongest(&personality.likes, tags).map_or(Self::Neutral, Self::Liked)
    }
}

/// Under which names the parts are told.
#[derive(Debug)]
pub(super) struct TasteRuleNames {
    pub(super) base: Rule,
    pub(super) liked: Rule,
    pub(super) disliked: Rule,
}

impl Bench<'_> {
    pub(super) fn taste(&self, tags: &BTreeSet<Slug>) -> Taste {
        Taste::of(&self.setting.waifu.personality, tags)
    }

    /// The base, turned by her taste: what she dislikes takes instead of giving, and her pride sharpens it.
    pub(super) fn by_taste(&self, base: i32, taste: Taste, names: TasteRuleNames) -> Tally {
        let rules = self.book.taste();
        match taste {
            Taste::Neutral => Tally::new(names.base, base),
            Taste::Liked(weight) => {
                Tally::new(names.base, base).times(names.liked, rules.liked(weight))
            }
            Taste::Disliked(weight) => Tally::new(names.base, -base)
                .times(names.disliked, rules.disliked(weight))
                .times(
                    Rule::STAT_PRIDE,
                    rules.pride_permille.of(self.setting.waifu.stats.pride),
                ),
        }
    }
}

fn strongest(weights: &BTreeMap<Slug, Weight>, tags: &BTreeSet<Slug>) -> Option<Weight> {
    tags.iter()
        .filter_map(|tag| weights.get(tag))
        .max()
        .copied()
}

impl From<Lack> for Refusal {
    fn from(lack: Lack) -> Self {
        match lack {
            Lack::Level(least_level) => Self::BelowLevel(least_level),
            Lack::Unlock(unlock) => Self::Locked(unlock),
        }
    }
}
