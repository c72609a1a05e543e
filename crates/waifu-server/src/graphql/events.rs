//! Events in the schema.

use juniper::{GraphQLEnum, GraphQLObject, ID};
use waifu_domain::events::OccurrenceStatus;

use super::Context;
use crate::rest::views::OccurrenceView;

/// One time that an event came up.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "EventOccurrence", context = Context)]
pub struct EventObject {
    id: ID,
    /// Its key, such as `confession`.
    event: String,
    title: String,
    scene: String,
    state: EventStateEnum,
    opened_at: String,
    /// Null: it waits for as long as it takes.
    expires_at: Option<String>,
    closed_at: Option<String>,
    choices: Vec<ChoiceObject>,
    /// The key of what was chosen.
    choice: Option<String>,
    /// What is left of one that ran out without a choice.
    words: Option<String>,
}

/// What can be chosen in an event.
#[derive(Debug, GraphQLObject)]
#[graphql(name = "EventChoice", context = Context)]
pub struct ChoiceObject {
    key: String,
    label: String,
}

#[derive(Debug, Clone, Copy, GraphQLEnum)]
#[graphql(name = "EventState")]
pub enum EventStateEnum {
    Pending,
    Resolved,
    Expired,
}

impl From<OccurrenceView> for EventObject {
    fn from(view: OccurrenceView) -> Self {
        Self {
            id: ID::new(view.id.to_string()),
            event: view.event,
            title: view.title,
            scene: view.scene,
            state: match view.state {
                OccurrenceStatus::Pending => EventStateEnum::Pending,
                OccurrenceStatus::Resolved => EventStateEnum::Resolved,
                OccurrenceStatus::Expired => EventStateEnum::Expired,
            },
            opened_at: view.opened_at.to_string(),
            expires_at: view.expires_at.map(|at| at.to_string()),
            closed_at: view.closed_at.map(|at| at.to_string()),
            choices: view
                .choices
                .into_iter()
                .map(|choice| ChoiceObject {
                    key: choice.key,
                    label: choice.label,
                })
                .collect(),
            choice: view.choice,
            words: view.words,
        }
    }
}
