//! From a verdict to what is written: rows with their places, occurrences with their ids, events in their order.

use std::sync::Arc;

use waifu_domain::affection::{OpenedEvent, RuleBookHash, Verdict};
use waifu_domain::catalogue::Events;
use waifu_domain::events::{EventOccurrence, OccurrenceState};
use waifu_domain::relationship::{LedgerPlace, Relationship};
use waifu_domain::timestamp::Timestamp;

use super::news::{Happening, Numbered};
use crate::ports::ids::IdSource;
use crate::ports::store::LedgerRow;
use crate::ports::turn_store::{Append, DurableEvent, Moved};

/// Nothing yet, at the head that was read.
pub(crate) fn nothing(relationship: &Relationship, at: Timestamp) -> Append {
    Append {
        relationship_id: relationship.id,
        expected: relationship.head,
        moved: None,
        opened: Vec::new(),
        closed: Vec::new(),
        events: Vec::new(),
        at,
    }
}

/// What an act did. Its events are those of its rows, then those of occurrences; the caller's own follow.
pub(crate) fn of_verdict(
    relationship: &Relationship,
    verdict: Verdict,
    rule_book: RuleBookHash,
    ids: &(dyn IdSource + 'static),
) -> Append {
    let mut append = nothing(relationship, verdict.at);
    let unlocks = verdict.state_after.facts != relationship.facts;
    let head = relationship.head;
    let rows = verdict.rows.into_iter().zip(head.entry_no + 1..);
    let entries: Vec<_> = rows
        .map(|(row, no)| {
            let place = LedgerPlace {
                id: ids.fresh(),
                relationship_id: relationship.id,
                no,
            };
            row.into_interaction(place, rule_book)
        })
        .collect();
    let updated = entries
        .iter()
        .map(|entry| DurableEvent::RelationshipUpdated {
            entry_no: entry.place.no,
            version: head.version + 1,
        });
    append.events.extend(updated);
    if unlocks || !entries.is_empty() {
        append.moved = Some(Moved {
            entries,
            state: verdict.state_after,
        });
    }
    append.closed = verdict.closed;
    let opened = |opened: OpenedEvent| EventOccurrence {
        id: ids.fresh(),
        event: opened.event,
        opened_at: verdict.at,
        expires_at: opened.expires_at,
        state: OccurrenceState::Pending,
    };
    append.opened = verdict.opened.into_iter().map(opened).collect();
    let occurrences = append.closed.iter().chain(&append.opened);
    append
        .events
        .extend(occurrences.map(DurableEvent::of_occurrence));
    append
}

/// What was appended, in the order of its events; `others` are the events that the caller added after them.
pub(crate) fn told(
    append: Append,
    said: Option<&str>,
    events: &Events,
    others: impl IntoIterator<Item = Happening>,
) -> Vec<Numbered> {
    let version = append.head_after().version;
    let entries = append.moved.into_iter().flat_map(|moved| moved.entries);
    let rows = entries.map(|interaction| Happening::RelationshipUpdated {
        version,
        row: Box::new(LedgerRow::new(interaction, said)),
    });
    let occurrences = append.closed.into_iter().chain(append.opened);
    let event = |occurrence: EventOccurrence| Happening::Event {
        definition: events.get(&occurrence.event).cloned().map(Box::new),
        occurrence,
    };
    rows.chain(occurrences.map(event))
        .chain(others)
        .map(Arc::new)
        .zip(append.expected.seq + 1..)
        .map(|(happening, seq)| Numbered { seq, happening })
        .collect()
}
