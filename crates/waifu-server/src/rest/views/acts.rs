//! What an act did, as clients see it.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use waifu_app::ports::store::TurnOutcome;
use waifu_app::use_cases::ActDone;
use waifu_domain::catalogue::Events;
use waifu_domain::turn::{Emotion, Message, RunStatus, TurnKind, plain_text};

use super::{InteractionView, OccurrenceView, RelationshipView};

/// What an act wrote, and where the two of you stand now.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActView {
    /// The ledger rows of the act: a due decay first.
    interactions: Vec<InteractionView>,
    relationship: RelationshipView,
    /// The events that wait for a choice now.
    events: Vec<OccurrenceView>,
    /// What the service has to tell the user; always a list.
    #[schema(value_type = Vec<Object>)]
    notices: [(); 0],
    /// Her answer to it; null when another turn was being answered, or the act wants none.
    turn: Option<TurnView>,
    /// Null when the model failed: the act stands all the same.
    reply: Option<SaidView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TurnView {
    turn_id: Uuid,
    turn_no: u32,
    #[schema(value_type = String, example = "gift")]
    kind: TurnKind,
    #[schema(value_type = String, example = "completed")]
    status: RunStatus,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SaidView {
    id: Uuid,
    text: String,
    /// What her words show: `neutral`, `happy`, `sad`, `angry`, `surprised`, `shy` or `loving`; older ones have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "happy")]
    emotion: Option<Emotion>,
}

impl ActView {
    pub fn new(done: ActDone, events: &Events) -> Self {
        let relationship = RelationshipView::from(&done.relationship);
        let pending = done.relationship.pending_events.into_iter();
        let event = |occurrence: waifu_domain::events::EventOccurrence| {
            let definition = events.get(&occurrence.event);
            OccurrenceView::new(occurrence, definition)
        };
        let (turn, reply) = done.turn.map_or((None, None), |turn| {
            (Some(TurnView::from(&turn)), turn.reply.map(Into::into))
        });
        Self {
            interactions: done.interactions.into_iter().map(Into::into).collect(),
            relationship,
            events: pending.map(event).collect(),
            notices: [],
            turn,
            reply,
        }
    }
}

impl From<&TurnOutcome> for TurnView {
    fn from(outcome: &TurnOutcome) -> Self {
        Self {
            turn_id: outcome.turn.turn_id.into(),
            turn_no: outcome.turn.turn_no,
            kind: outcome.kind,
            status: outcome.status,
        }
    }
}

impl From<Message> for SaidView {
    fn from(message: Message) -> Self {
        Self {
            id: message.id.into(),
            text: plain_text(&message.parts),
            emotion: message.emotion,
        }
    }
}
