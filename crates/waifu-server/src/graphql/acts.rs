//! Acts in the schema: what they wrote, and the rows of the ledger.

use juniper::{GraphQLEnum, GraphQLObject, ID};
use waifu_app::use_cases::{ActDone, PartWidth, PlotPart};
use waifu_domain::catalogue::Events;
use waifu_domain::relationship::InteractionKind;

use super::Context;
use super::events::EventObject;
use super::mutation::{TurnObject, UserError};
use super::objects::{MessageObject, RelationshipObject, signed};
use super::scalars::Json;
use crate::problem::Problem;
use crate::rest::views::{InteractionView, OccurrenceView, ReasonView};

/// What an act wrote and where the two of you stand now, or what was wrong.
#[derive(Debug, Default, GraphQLObject)]
#[graphql(context = Context)]
pub struct ActPayload {
    /// The ledger rows of the act: a due decay first.
    interactions: Vec<InteractionObject>,
    relationship: Option<RelationshipObject>,
    /// The events that wait for a choice now.
    events: Vec<EventObject>,
    /// Her answer to it; null when another turn was being answered, or the act wants none.
    turn: Option<TurnObject>,
    /// Null when the model failed: the act stands all the same.
    reply: Option<MessageObject>,
    errors: Vec<UserError>,
}

/// One row of the ledger: what moved, by how much, and why.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "Interaction", context = Context)]
pub struct InteractionObject {
    id: ID,
    /// 1, 2, …: the order of the ledger.
    no: i32,
    kind: InteractionKindEnum,
    /// What was said or done, in words.
    content: String,
    timestamp: String,
    /// What the rules gave, before caps and bounds.
    requested_change: i32,
    /// What was added.
    affection_change: i32,
    affection_after: i32,
    level_after: i32,
    /// Their effects add up to `affectionChange`.
    reasons: Vec<ReasonObject>,
    /// What became true with this row, as REST shows it.
    facts: Vec<Json>,
    /// What it answers to, as REST shows it: by `type` `turn`, `gift`, `date`, `occurrence`, `absence`, `voided`, `operator`.
    cause: Json,
}

/// What one rule did.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "Reason", context = Context)]
pub struct ReasonObject {
    rule: String,
    /// Points that it added to the running value.
    effect: i32,
    text: String,
}

#[derive(Debug, Clone, Copy, GraphQLEnum)]
#[graphql(name = "InteractionKind")]
pub enum InteractionKindEnum {
    Chat,
    Gift,
    Date,
    Event,
    Decay,
    Reversal,
    Adjustment,
}

/// Affection in one part of a plot.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "AffectionPart", context = Context)]
pub struct PartObject {
    from: String,
    until: String,
    interactions: i32,
    gained: i32,
    lost: i32,
    /// At its end.
    affection: i32,
    /// At its end.
    level: i32,
}

impl ActPayload {
    pub fn new(done: ActDone, events: &Events) -> Self {
        let relationship = RelationshipObject::from(&done.relationship);
        let event = |occurrence: waifu_domain::events::EventOccurrence| {
            let definition = events.get(&occurrence.event);
            OccurrenceView::new(occurrence, definition).into()
        };
        let (turn, reply) = done.turn.map_or((None, None), |outcome| {
            let turn = TurnObject::from(&outcome);
            (Some(turn), outcome.reply.map(Into::into))
        });
        Self {
            interactions: done
                .interactions
                .into_iter()
                .map(|row| InteractionView::from(row).into())
                .collect(),
            relationship: Some(relationship),
            events: done
                .relationship
                .pending_events
                .into_iter()
                .map(event)
                .collect(),
            turn,
            reply,
            errors: Vec::new(),
        }
    }
}

impl From<Problem> for ActPayload {
    fn from(problem: Problem) -> Self {
        Self {
            errors: vec![problem.into()],
            ..Self::default()
        }
    }
}

impl From<InteractionView> for InteractionObject {
    fn from(view: InteractionView) -> Self {
        Self {
            id: ID::new(view.id.to_string()),
            no: signed(view.no),
            kind: match view.kind {
                InteractionKind::Chat => InteractionKindEnum::Chat,
                InteractionKind::Gift => InteractionKindEnum::Gift,
                InteractionKind::Date => InteractionKindEnum::Date,
                InteractionKind::Event => InteractionKindEnum::Event,
                InteractionKind::Decay => InteractionKindEnum::Decay,
                InteractionKind::Reversal => InteractionKindEnum::Reversal,
                InteractionKind::Adjustment => InteractionKindEnum::Adjustment,
            },
            content: view.content,
            timestamp: view.timestamp.to_string(),
            requested_change: view.requested_change,
            affection_change: view.affection_change,
            affection_after: view.affection_after,
            level_after: view.level_after.into(),
            reasons: view.reasons.into_iter().map(Into::into).collect(),
            facts: view.facts.iter().map(Json::of).collect(),
            cause: Json::of(view.cause),
        }
    }
}

impl From<ReasonView> for ReasonObject {
    fn from(view: ReasonView) -> Self {
        Self {
            rule: view.rule,
            effect: view.effect,
            text: view.text.to_owned(),
        }
    }
}

impl From<PlotPart> for PartObject {
    fn from(part: PlotPart) -> Self {
        Self {
            from: part.from.to_string(),
            until: part.until.to_string(),
            interactions: signed(part.interactions),
            gained: part.gained,
            lost: part.lost,
            affection: part.affection.get(),
            level: part.level.get().into(),
        }
    }
}

/// How long one part of a plot is.
#[derive(Debug, Clone, Copy, GraphQLEnum)]
#[graphql(name = "Bucket")]
pub enum BucketEnum {
    Hour,
    Day,
    Week,
}

impl From<BucketEnum> for PartWidth {
    fn from(bucket: BucketEnum) -> Self {
        match bucket {
            BucketEnum::Hour => Self::Hour,
            BucketEnum::Day => Self::Day,
            BucketEnum::Week => Self::Week,
        }
    }
}
