//! What acts write, judged by the shipped rule book.

use waifu_app::ports::turn_store::{
    Append, Authority, DurableEvent, Moved, Reply, Settlement, Standing,
};
use waifu_domain::affection::{Act, OpenedEvent, Setting, Verdict};
use waifu_domain::catalogue::Events;
use waifu_domain::events::{EventOccurrence, OccurrenceState};
use waifu_domain::ids::ProcessId;
use waifu_domain::relationship::{LedgerPlace, Relationship, RelationshipState};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{Emotion, EndReason, EndStatus, Usage};
use waifu_domain::user::Person;

use super::{fresh, profile, rule_book};

/// A catalogue in which nothing ever comes up.
pub static NO_EVENTS: Events = Events::new();

/// A whole answer, where nothing ever comes up.
pub fn settlement(
    standing: &Standing,
    process: ProcessId,
    reply: &str,
    at: Timestamp,
) -> Settlement {
    answered(standing, process, reply, chat(standing, at))
}

/// A whole answer, settled by the holder of the lease, with which `append` is written.
pub fn answered(
    standing: &Standing,
    process: ProcessId,
    reply: &str,
    append: Append,
) -> Settlement {
    let reply = Reply {
        message_id: fresh(),
        text: reply.to_owned(),
        emotion: Emotion::Shy,
    };
    let usage = Usage {
        prompt_tokens: 321,
        completion_tokens: 12,
    };
    let ending = Settlement {
        turn: standing.turn,
        conversation_id: standing.conversation_id,
        authority: Authority::Holder(process),
        status: EndStatus::Completed,
        reason: None,
        usage: Some(usage),
        spent: None,
        at: append.at,
        reply: Some(reply),
        append,
    };
    with_its_event(ending)
}

/// A run that ends without a word: nothing moves.
pub fn failure(standing: &Standing, process: ProcessId, at: Timestamp) -> Settlement {
    let ending = Settlement {
        turn: standing.turn,
        conversation_id: standing.conversation_id,
        authority: Authority::Holder(process),
        status: EndStatus::Failed,
        reason: Some(EndReason::ProviderFailed),
        usage: None,
        spent: None,
        at,
        reply: None,
        append: unmoved(&standing.relationship, at),
    };
    with_its_event(ending)
}

/// The user wants no more than these words of it; an empty text: she had said nothing yet.
pub fn cancellation(standing: &Standing, words: &str, at: Timestamp) -> Settlement {
    let (reply, append) = if words.is_empty() {
        (None, unmoved(&standing.relationship, at))
    } else {
        let reply = Reply {
            message_id: fresh(),
            text: words.to_owned(),
            emotion: Emotion::Sad,
        };
        (Some(reply), chat(standing, at))
    };
    let ending = Settlement {
        turn: standing.turn,
        conversation_id: standing.conversation_id,
        authority: Authority::User,
        status: EndStatus::Cancelled,
        reason: None,
        usage: None,
        spent: None,
        at: append.at,
        reply,
        append,
    };
    with_its_event(ending)
}

/// What a chat moves, if its turn has not moved anything yet.
fn chat(standing: &Standing, at: Timestamp) -> Append {
    let Some(appraisal) = standing.appraisal else {
        return unmoved(&standing.relationship, at);
    };
    let act = Act::Chat {
        turn_id: standing.turn.turn_id,
        appraisal,
    };
    let setting = Setting {
        waifu: &standing.waifu.profile,
        person: &standing.person,
        events: &NO_EVENTS,
    };
    judged(&standing.relationship, &standing.state, setting, &act, at)
}

fn with_its_event(mut ending: Settlement) -> Settlement {
    ending.append.events.push(DurableEvent::TurnDone {
        turn_id: ending.turn.turn_id,
        run: ending.turn.run,
        status: ending.status,
        reason: ending.reason,
        message_id: ending.reply.as_ref().map(|reply| reply.message_id),
        usage: ending.usage,
        retry_after_ms: None,
    });
    ending
}

/// Nothing at all at the relationship's head.
pub fn unmoved(relationship: &Relationship, at: Timestamp) -> Append {
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

/// An operator's correction of so many points.
pub fn adjustment(
    relationship: &Relationship,
    state: &RelationshipState,
    points: i32,
    at: Timestamp,
) -> Append {
    let act = Act::Adjustment {
        points,
        operator_id: fresh(),
        reason: "a correction",
    };
    act_of_an_adult(relationship, state, &act, at)
}

/// What `act` does when a grown-up does it, where nothing ever comes up.
pub fn act_of_an_adult(
    relationship: &Relationship,
    state: &RelationshipState,
    act: &Act<'_>,
    at: Timestamp,
) -> Append {
    let setting = Setting {
        waifu: &profile("Himari"),
        person: &Person::adult(),
        events: &NO_EVENTS,
    };
    judged(relationship, state, setting, act, at)
}

/// What `act` does.
pub fn judged(
    relationship: &Relationship,
    state: &RelationshipState,
    setting: Setting<'_>,
    act: &Act<'_>,
    at: Timestamp,
) -> Append {
    let verdict = rule_book()
        .judge(setting, state, act, at)
        .expect("tests judge acts that can be");
    of_verdict(relationship, verdict)
}

/// The rows, the occurrences and their events.
pub fn of_verdict(relationship: &Relationship, verdict: Verdict) -> Append {
    let rule_book = rule_book().hash();
    let head = relationship.head;
    let mut append = unmoved(relationship, verdict.at);
    let entries: Vec<_> = (head.entry_no + 1..)
        .zip(verdict.rows)
        .map(|(no, row)| {
            let place = LedgerPlace {
                id: fresh(),
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
    if !entries.is_empty() || verdict.state_after.facts != relationship.facts {
        append.moved = Some(Moved {
            entries,
            state: verdict.state_after,
        });
    }
    append.closed = verdict.closed;
    append.opened = verdict
        .opened
        .into_iter()
        .map(|opened| pending(opened, verdict.at))
        .collect();
    let occurrences = append.closed.iter().chain(&append.opened);
    append
        .events
        .extend(occurrences.map(DurableEvent::of_occurrence));
    append
}

fn pending(opened: OpenedEvent, at: Timestamp) -> EventOccurrence {
    EventOccurrence {
        id: fresh(),
        event: opened.event,
        opened_at: at,
        expires_at: opened.expires_at,
        state: OccurrenceState::Pending,
    }
}
