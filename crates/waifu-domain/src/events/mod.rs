//! Events: scenes that a relationship reaches, which wait for the user's choice.

use serde::{Deserialize, Serialize};

use crate::ids::OccurrenceId;
use crate::slug::Slug;
use crate::timestamp::Timestamp;

/// One time that an event came up in one relationship.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventOccurrence {
    pub id: OccurrenceId,
    /// The key of its definition, such as `confession`.
    pub event: Slug,
    pub opened_at: Timestamp,
    /// `None`: it waits for as long as it takes, as a gate's event does.
    pub expires_at: Option<Timestamp>,
    pub state: OccurrenceState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OccurrenceState {
    Pending,
    Resolved,
    Expired,
}

/// The last time that an event came up: what decides whether it may come up again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastOccurrence {
    pub event: Slug,
    pub state: OccurrenceState,
    /// When it was resolved or expired; its opening while it is pending.
    pub at: Timestamp,
}
