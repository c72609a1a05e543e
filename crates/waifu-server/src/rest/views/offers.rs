//! Gifts and dates as clients see them, with what each would earn right now.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use waifu_app::use_cases::{Offer, Preview};
use waifu_domain::affection::Refusal;
use waifu_domain::catalogue::{DatePlan, Gift};
use waifu_domain::slug::Slug;

use super::ReasonView;
use crate::problem::{Code, WouldWork, declined_date, declined_gift};

/// Something that she can be given.
#[derive(Debug, Serialize, ToSchema)]
pub struct GiftView {
    pub id: Uuid,
    pub key: String,
    pub name: String,
    pub description: String,
    /// What her likes and dislikes are held against.
    pub tags: Vec<String>,
    /// Points before her taste and the rules.
    pub base: i32,
    /// The level from which she accepts it.
    pub least_level: u8,
    /// Kept for good, and shown.
    pub keepsake: bool,
    /// Names of unlocks that must be there.
    pub requires: Vec<String>,
    /// What it would earn now; null when she would refuse it.
    pub would_earn: Option<EarningView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusedView>,
}

/// Something to do together.
#[derive(Debug, Serialize, ToSchema)]
pub struct DateView {
    pub id: Uuid,
    pub key: String,
    pub name: String,
    pub description: String,
    /// What her likes and dislikes are held against.
    pub tags: Vec<String>,
    /// Points before her taste and the rules.
    pub base: i32,
    /// The level from which she comes along.
    pub least_level: u8,
    /// Hours until the same can be done again.
    pub cooldown_hours: i64,
    /// Names of unlocks that must be there.
    pub requires: Vec<String>,
    /// What it would earn now; null when she would refuse.
    pub would_earn: Option<EarningView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusedView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct EarningView {
    pub affection_change: i32,
    /// Their effects add up to `affection_change`.
    pub reasons: Vec<ReasonView>,
}

/// Why she would refuse now, and what would work.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedView {
    pub code: Code,
    #[serde(flatten)]
    pub would_work: WouldWork,
}

impl From<Preview> for EarningView {
    fn from(preview: Preview) -> Self {
        Self {
            affection_change: preview.affection_change,
            reasons: preview.reasons.into_iter().map(Into::into).collect(),
        }
    }
}

fn previewed(
    preview: Result<Preview, Refusal>,
    declined: fn(&Refusal) -> (Code, WouldWork),
) -> (Option<EarningView>, Option<RefusedView>) {
    match preview {
        Ok(preview) => (Some(preview.into()), None),
        Err(refusal) => {
            let (code, would_work) = declined(&refusal);
            (None, Some(RefusedView { code, would_work }))
        }
    }
}

fn words<'a>(slugs: impl IntoIterator<Item = &'a Slug>) -> Vec<String> {
    slugs.into_iter().map(ToString::to_string).collect()
}

impl From<Offer<Gift>> for GiftView {
    fn from(offer: Offer<Gift>) -> Self {
        let gift = offer.item;
        let (would_earn, refused) = previewed(offer.preview, declined_gift);
        Self {
            id: offer.id.into(),
            key: offer.key.into(),
            name: gift.name.into(),
            description: gift.description.into(),
            tags: words(&gift.tags),
            base: gift.base.get(),
            least_level: gift.least_level.get(),
            keepsake: gift.keepsake,
            requires: words(&gift.requires),
            would_earn,
            refused,
        }
    }
}

impl From<Offer<DatePlan>> for DateView {
    fn from(offer: Offer<DatePlan>) -> Self {
        let date = offer.item;
        let (would_earn, refused) = previewed(offer.preview, declined_date);
        Self {
            id: offer.id.into(),
            key: offer.key.into(),
            cooldown_hours: date.cooldown().whole_hours(),
            name: date.name.into(),
            description: date.description.into(),
            tags: words(&date.tags),
            base: date.base.get(),
            least_level: date.least_level.get(),
            requires: words(&date.requires),
            would_earn,
            refused,
        }
    }
}
