//! Gifts and dates in the schema, with what each would earn right now.

use juniper::{GraphQLObject, ID};

use super::Context;
use super::acts::ReasonObject;
use crate::rest::views::{DateView, EarningView, GiftView, RefusedView};

/// Something that she can be given.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "Gift", context = Context)]
pub struct GiftObject {
    id: ID,
    key: String,
    name: String,
    description: String,
    tags: Vec<String>,
    /// Points before her taste and the rules.
    base: i32,
    least_level: i32,
    /// Kept for good, and shown.
    keepsake: bool,
    /// Names of unlocks that must be there.
    requires: Vec<String>,
    /// What it would earn now; null when she would refuse it.
    would_earn: Option<EarningObject>,
    refused: Option<RefusedObject>,
}

/// Something to do together.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "DatePlan", context = Context)]
pub struct DateObject {
    id: ID,
    key: String,
    name: String,
    description: String,
    tags: Vec<String>,
    /// Points before her taste and the rules.
    base: i32,
    least_level: i32,
    /// Hours until the same can be done again.
    cooldown_hours: i32,
    /// Names of unlocks that must be there.
    requires: Vec<String>,
    /// What it would earn now; null when she would refuse.
    would_earn: Option<EarningObject>,
    refused: Option<RefusedObject>,
}

#[derive(Debug, GraphQLObject)]
#[graphql(name = "Earning", context = Context)]
pub struct EarningObject {
    affection_change: i32,
    /// Their effects add up to `affectionChange`.
    reasons: Vec<ReasonObject>,
}

/// Why she would refuse now, and what would work.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "Refused", context = Context)]
pub struct RefusedObject {
    /// Stable: one of the codes that every door shares.
    code: String,
    least_level: Option<i32>,
    unlock: Option<String>,
    retry_at: Option<String>,
}

impl From<EarningView> for EarningObject {
    fn from(view: EarningView) -> Self {
        Self {
            affection_change: view.affection_change,
            reasons: view.reasons.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<RefusedView> for RefusedObject {
    fn from(view: RefusedView) -> Self {
        Self {
            code: view.code.as_str().to_owned(),
            least_level: view.would_work.least_level.map(i32::from),
            unlock: view.would_work.unlock,
            retry_at: view.would_work.retry_at.map(|at| at.to_string()),
        }
    }
}

impl From<GiftView> for GiftObject {
    fn from(view: GiftView) -> Self {
        Self {
            id: ID::new(view.id.to_string()),
            key: view.key,
            name: view.name,
            description: view.description,
            tags: view.tags,
            base: view.base,
            least_level: view.least_level.into(),
            keepsake: view.keepsake,
            requires: view.requires,
            would_earn: view.would_earn.map(Into::into),
            refused: view.refused.map(Into::into),
        }
    }
}

impl From<DateView> for DateObject {
    fn from(view: DateView) -> Self {
        Self {
            id: ID::new(view.id.to_string()),
            key: view.key,
            name: view.name,
            description: view.description,
            tags: view.tags,
            base: view.base,
            least_level: view.least_level.into(),
            cooldown_hours: i32::try_from(view.cooldown_hours).unwrap_or(i32::MAX),
            requires: view.requires,
            would_earn: view.would_earn.map(Into::into),
            refused: view.refused.map(Into::into),
        }
    }
}
