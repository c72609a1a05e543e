//! The event rows, rendered from what they name.

use std::sync::Arc;

use waifu_domain::events::OccurrenceState;
use waifu_domain::ids::{OccurrenceId, RelationshipId};
use waifu_domain::relationship::Pair;
use waifu_domain::turn::TurnKind;

use crate::catalogues::{Catalogues, StoredCatalogue};
use crate::ports::store::{LoggedEvent, Store, StoreError, UnitOfWork, finish};
use crate::ports::turn_store::DurableEvent;
use crate::turns::news::{Happening, Numbered, TurnDone};

/// Events that are rendered at once, at most; the end of a run, which holds her words, is the last of them.
const AT_ONCE: u32 = 8;

#[derive(Debug, Clone)]
pub(super) struct Log {
    pub(super) store: Arc<dyn Store>,
    pub(super) catalogues: Arc<Catalogues>,
}

impl Log {
    /// The next events after this number.
    pub(super) async fn read(&self, pair: Pair, after: u64) -> Result<Vec<Numbered>, StoreError> {
        let catalogue = self.catalogues.current().await;
        let mut work = self.store.snapshot().await?;
        let events = next_events(&mut *work, &catalogue, pair, after).await;
        finish(work, events).await
    }
}

async fn next_events(
    work: &mut dyn UnitOfWork,
    catalogue: &StoredCatalogue,
    pair: Pair,
    after: u64,
) -> Result<Vec<Numbered>, StoreError> {
    let Some(relationship) = work.relationships().find(pair).await? else {
        return Ok(Vec::new());
    };
    let logged = work
        .event_log()
        .after(relationship.id, after, AT_ONCE)
        .await?;
    let mut events = Vec::new();
    for LoggedEvent { seq, event, .. } in logged {
        let happening = Arc::new(render(work, catalogue, relationship.id, event).await?);
        let is_end = happening.ends().is_some();
        events.push(Numbered { seq, happening });
        if is_end {
            break;
        }
    }
    Ok(events)
}

async fn render(
    work: &mut dyn UnitOfWork,
    catalogue: &StoredCatalogue,
    relationship: RelationshipId,
    event: DurableEvent,
) -> Result<Happening, StoreError> {
    Ok(match event {
        DurableEvent::MessageAccepted {
            turn_id,
            turn_no,
            message_id,
            client_message_id,
        } => Happening::MessageAccepted {
            turn_id,
            turn_no,
            message_id,
            client_message_id,
        },
        DurableEvent::TurnStarted {
            turn_id,
            turn_no,
            run,
            kind,
        } => Happening::TurnStarted {
            turn_id,
            turn_no,
            run,
            kind,
            cause: match kind {
                TurnKind::Chat | TurnKind::Greeting => None,
                TurnKind::Gift | TurnKind::Date | TurnKind::Event => {
                    work.turns().cause(turn_id).await?
                }
            },
        },
        DurableEvent::TurnDone {
            turn_id,
            run,
            status,
            reason,
            message_id,
            usage,
            retry_after_ms,
        } => Happening::TurnDone(TurnDone {
            turn_id,
            run,
            status,
            reason,
            message: match message_id {
                Some(id) => Some(there(work.messages().by_id(id).await?, "message")?),
                None => None,
            },
            usage,
            retry_after_ms,
        }),
        DurableEvent::TurnChosen {
            turn_id,
            run,
            message_id,
        } => Happening::TurnChosen {
            turn_id,
            run,
            message: there(work.messages().by_id(message_id).await?, "message")?,
        },
        DurableEvent::RelationshipUpdated { entry_no, version } => {
            let rows = work
                .relationships()
                .ledger(relationship, Some(entry_no + 1), 1)
                .await?;
            let row = rows
                .into_iter()
                .find(|row| row.interaction.place.no == entry_no);
            Happening::RelationshipUpdated {
                version,
                row: Box::new(there(row, "ledger row")?),
            }
        }
        DurableEvent::EventOpened { occurrence_id } => {
            let event = occurrence(work, catalogue, relationship, occurrence_id).await?;
            as_it_was_opened(event)
        }
        DurableEvent::EventResolved { occurrence_id }
        | DurableEvent::EventExpired { occurrence_id } => {
            occurrence(work, catalogue, relationship, occurrence_id).await?
        }
        DurableEvent::TurnVoided {
            from_turn_no,
            to_turn_no,
        } => Happening::TurnVoided {
            from_turn_no,
            to_turn_no,
        },
    })
}

async fn occurrence(
    work: &mut dyn UnitOfWork,
    catalogue: &StoredCatalogue,
    relationship: RelationshipId,
    id: OccurrenceId,
) -> Result<Happening, StoreError> {
    let found = work.relationships().occurrence(relationship, id).await?;
    let occurrence = there(found, "occurrence")?;
    let definition = catalogue.events().get(&occurrence.event).cloned();
    Ok(Happening::Event {
        definition: definition.map(Box::new),
        occurrence,
    })
}

/// The row says what has become of it since.
fn as_it_was_opened(mut event: Happening) -> Happening {
    if let Happening::Event { occurrence, .. } = &mut event {
        occurrence.state = OccurrenceState::Pending;
    }
    event
}

fn there<T>(found: Option<T>, what: &'static str) -> Result<T, StoreError> {
    found.ok_or_else(|| StoreError::Failed(format!("an event names a {what} that is gone").into()))
}
