//! Events: scenes that a relationship reaches, which wait for the user's choice.

mod definition;

use serde::{Deserialize, Serialize};

pub use definition::{Choice, EventDefinition, Expiry, NotAnEvent, Repeat, Trigger};

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

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OccurrenceState {
    Pending,
    Resolved { choice: Slug, at: Timestamp },
    Expired { at: Timestamp },
}

/// The bare name of an [`OccurrenceState`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OccurrenceStatus {
    Pending,
    Resolved,
    Expired,
}

impl EventOccurrence {
    pub fn is_pending(&self) -> bool {
        self.state == OccurrenceState::Pending
    }

    /// Whether it pends and its time is over at `at`.
    pub fn is_overdue(&self, at: Timestamp) -> bool {
        self.is_pending() && self.expires_at.is_some_and(|expires| expires <= at)
    }
}

impl OccurrenceState {
    pub fn status(&self) -> OccurrenceStatus {
        match self {
            Self::Pending => OccurrenceStatus::Pending,
            Self::Resolved { .. } => OccurrenceStatus::Resolved,
            Self::Expired { .. } => OccurrenceStatus::Expired,
        }
    }

    /// When it was resolved or expired.
    pub fn closed_at(&self) -> Option<Timestamp> {
        match self {
            Self::Pending => None,
            Self::Resolved { at, .. } | Self::Expired { at } => Some(*at),
        }
    }

    pub fn choice(&self) -> Option<&Slug> {
        match self {
            Self::Resolved { choice, .. } => Some(choice),
            Self::Pending | Self::Expired { .. } => None,
        }
    }
}
