//! Two who have met, in a [`super::MemoryStore`]: where they stand, their ledger and their event log.

use std::collections::{BTreeSet, HashMap};

use waifu_app::ports::store::LoggedEvent;
use waifu_app::ports::turn_store::{Append, DurableEvent, NewTurn};
use waifu_domain::events::EventOccurrence;
use waifu_domain::ids::{ConversationId, OccurrenceId, TurnId};
use waifu_domain::relationship::{
    Affection, Counts, Deeds, Head, Interaction, Level, Relationship, RelationshipState,
};
use waifu_domain::timestamp::Timestamp;

#[derive(Debug)]
pub(super) struct Met {
    pub(super) relationship: Relationship,
    pub(super) state: RelationshipState,
    pub(super) conversation_id: ConversationId,
    /// In their order.
    pub(super) turns: Vec<TurnId>,
    /// In their order.
    pub(super) rows: Vec<Interaction>,
    pub(super) occurrences: HashMap<OccurrenceId, EventOccurrence>,
    /// In their order, without those that were forgotten.
    pub(super) log: Vec<LoggedEvent>,
}

impl Met {
    pub(super) fn first(turn: &NewTurn) -> Self {
        let relationship = Relationship {
            id: turn.first_meeting.relationship_id,
            pair: turn.pair,
            affection: Affection::NONE,
            level: Level::STRANGER,
            facts: BTreeSet::new(),
            last_interaction: None,
            counts: Counts::default(),
            deeds: Deeds::default(),
            epoch: turn.first_meeting.epoch,
            head: Head {
                seq: 0,
                entry_no: 0,
                version: 0,
            },
            created_at: turn.at,
        };
        Self {
            relationship,
            state: RelationshipState {
                met_at: Some(turn.at),
                ..RelationshipState::strangers()
            },
            conversation_id: turn.first_meeting.conversation_id,
            turns: Vec::new(),
            rows: Vec::new(),
            occurrences: HashMap::new(),
            log: Vec::new(),
        }
    }

    /// Its number.
    pub(super) fn next_turn(&mut self, turn: TurnId) -> u32 {
        self.turns.push(turn);
        u32::try_from(self.turns.len()).expect("a test takes few turns")
    }

    /// Whether the relationship was still at the head that was expected.
    pub(super) fn append(&mut self, append: &Append) -> bool {
        let relationship = &mut self.relationship;
        if relationship.head != append.expected {
            return false;
        }
        let head_after = append.head_after();
        relationship.head.entry_no = head_after.entry_no;
        relationship.head.version = head_after.version;
        if let Some(moved) = &append.moved {
            relationship.affection = moved.state.affection;
            relationship.level = moved.state.level;
            relationship.facts.clone_from(&moved.state.facts);
            relationship.last_interaction = moved.state.last_interaction;
            relationship.counts = moved.state.counts;
            relationship.deeds.clone_from(&moved.state.deeds);
            self.state = moved.state.clone();
            self.rows.extend(moved.entries.iter().cloned());
        }
        let changed = append.closed.iter().chain(&append.opened);
        changed.for_each(|occurrence| self.remember(occurrence));
        self.log(append.events.iter().cloned(), append.at);
        true
    }

    /// Numbers events, and moves the head by them.
    pub(super) fn log(&mut self, events: impl IntoIterator<Item = DurableEvent>, at: Timestamp) {
        for event in events {
            let seq = self.relationship.head.seq + 1;
            self.relationship.head.seq = seq;
            self.log.push(LoggedEvent { seq, at, event });
        }
    }

    fn remember(&mut self, occurrence: &EventOccurrence) {
        self.occurrences.insert(occurrence.id, occurrence.clone());
        let occurrences = &mut self.state.last_occurrences;
        occurrences.retain(|last| last.event != occurrence.event);
        occurrences.push(occurrence.clone());
    }
}
