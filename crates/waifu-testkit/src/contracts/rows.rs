//! Ledger rows that no rule gave, for promises that are about rows alone.

use waifu_app::ports::turn_store::{Append, DurableEvent, Moved};
use waifu_domain::relationship::{
    Affection, Cause, Interaction, InteractionKind, LedgerPlace, Reason, Relationship,
    RelationshipState, Rule,
};
use waifu_domain::timestamp::Timestamp;

use crate::builders::{fresh, moment, rule_book, slug, unmoved};

/// The numbers of the rows at which the user was there: no rule looks at others.
pub(super) fn presences(state: &RelationshipState) -> Vec<u32> {
    let entries = state.entries.iter();
    let presences = entries.filter(|entry| entry.kind.is_presence());
    presences.map(|entry| entry.no).collect()
}

/// A row that moves nothing.
pub(super) fn event_row(relationship: &Relationship, no: u32, at: Timestamp) -> Interaction {
    Interaction {
        place: LedgerPlace {
            id: fresh(),
            relationship_id: relationship.id,
            no,
        },
        kind: InteractionKind::Event,
        timestamp: at,
        requested_change: 0,
        affection_change: 0,
        affection_after: relationship.affection,
        level_after: relationship.level,
        reasons: vec![Reason {
            rule: Rule::CLAMP,
            effect: 0,
        }],
        facts: Vec::new(),
        cause: Cause::Occurrence {
            occurrence_id: fresh(),
            event: slug("confession"),
            choice: slug("yes"),
        },
        rule_book: rule_book().hash(),
    }
}

pub(super) fn append_of(relationship: &Relationship, rows: Vec<Interaction>) -> Append {
    let mut state = RelationshipState {
        affection: relationship.affection,
        level: relationship.level,
        last_interaction: relationship.last_interaction,
        facts: relationship.facts.clone(),
        counts: relationship.counts,
        deeds: relationship.deeds.clone(),
        ..RelationshipState::strangers()
    };
    for row in &rows {
        let points = state.affection.get() + row.affection_change;
        state.affection = Affection::clamped(points);
        state.facts.extend(row.facts.iter().cloned());
    }
    let mut append = Append {
        moved: Some(Moved {
            entries: rows,
            state,
        }),
        ..unmoved(relationship, moment(1))
    };
    // Every act moves the head.
    let head = append.head_after();
    append.events.push(DurableEvent::RelationshipUpdated {
        entry_no: head.entry_no,
        version: head.version,
    });
    append
}
