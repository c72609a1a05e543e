//! Events as clients see them.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use waifu_domain::events::{EventDefinition, EventOccurrence, OccurrenceStatus};
use waifu_domain::timestamp::Timestamp;

/// One time that an event came up.
#[derive(Debug, Serialize, ToSchema)]
pub struct OccurrenceView {
    pub id: Uuid,
    /// Its key, such as `confession`.
    pub event: String,
    /// Empty for an event that nobody defines any more.
    pub title: String,
    pub scene: String,
    #[schema(value_type = String, example = "pending")]
    pub state: OccurrenceStatus,
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// Null: it waits for as long as it takes.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When it was resolved or expired.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Timestamp>,
    /// What can be chosen.
    pub choices: Vec<ChoiceView>,
    /// The key of what was chosen.
    pub choice: Option<String>,
    /// What is left of one that ran out without a choice.
    pub words: Option<String>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChoiceView {
    pub key: String,
    pub label: String,
}

impl OccurrenceView {
    pub fn new(occurrence: EventOccurrence, definition: Option<&EventDefinition>) -> Self {
        let choices = definition.map_or_else(Vec::new, |event| {
            let choice = |choice: &waifu_domain::events::Choice| ChoiceView {
                key: choice.key.to_string(),
                label: choice.label.to_string(),
            };
            event.choices.iter().map(choice).collect()
        });
        let has_expired = occurrence.state.status() == OccurrenceStatus::Expired;
        let words = definition.and_then(|event| event.on_expiry.words.as_ref());
        let words = words.filter(|_| has_expired).map(ToString::to_string);
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Self {
            id: occurrence.id.into(),
            title: text(definition.map(|event| event.title.as_str())),
            scene: text(definition.map(|event| event.scene.as_str())),
            state: occurrence.state.status(),
            opened_at: occurrence.opened_at,
            expires_at: occurrence.expires_at,
            closed_at: occurrence.state.closed_at(),
            choices,
            choice: occurrence.state.choice().map(ToString::to_string),
            words,
            event: occurrence.event.into(),
        }
    }
}
