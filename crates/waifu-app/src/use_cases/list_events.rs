//! Events that wait for a choice, and those that are over, newest first.

use std::sync::Arc;

use waifu_domain::events::{EventOccurrence, OccurrenceState};
use waifu_domain::ids::WaifuId;

use super::access::{Unseen, known_relationship};
use super::page::{Page, PageLimit};
use crate::caller::Caller;
use crate::ports::clock::Clock;
use crate::ports::store::{OccurrencePlace, Store, UnitOfWork, finish};

#[derive(Debug, Clone)]
pub struct ListEvents {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
}

type Events = Page<EventOccurrence, OccurrencePlace>;

impl ListEvents {
    pub async fn execute(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
        before: Option<OccurrencePlace>,
        limit: PageLimit,
    ) -> Result<Events, Unseen> {
        let mut work = self.store.snapshot().await?;
        let occurrences = read(&mut *work, caller, waifu_id, before, limit).await;
        let mut occurrences = finish(work, occurrences).await?;
        let now = self.clock.now();
        // What has run out is over, though nothing has been written since.
        for occurrence in &mut occurrences {
            if let Some(at) = occurrence.expires_at.filter(|_| occurrence.is_overdue(now)) {
                occurrence.state = OccurrenceState::Expired { at };
            }
        }
        let place = |occurrence: &EventOccurrence| OccurrencePlace {
            opened_at: occurrence.opened_at,
            id: occurrence.id,
        };
        Ok(Page::cut(occurrences, limit, place))
    }
}

async fn read(
    work: &mut dyn UnitOfWork,
    caller: Caller,
    waifu_id: WaifuId,
    before: Option<OccurrencePlace>,
    limit: PageLimit,
) -> Result<Vec<EventOccurrence>, Unseen> {
    let Some(relationship) = known_relationship(work, caller.user_id, waifu_id).await? else {
        return Ok(Vec::new());
    };
    Ok(work
        .relationships()
        .occurrences(relationship.id, before, Events::to_ask(limit))
        .await?)
}
