//! Everything that is held about a user, for himself: a page at a time, so that little is in hand and no connection is held
//! while somebody reads slowly. What changes meanwhile may be in it or not.

use std::mem;
use std::sync::Arc;

use waifu_domain::events::EventOccurrence;
use waifu_domain::ids::{ApiKeyId, RelationshipId, SessionId, UserId, WaifuId};
use waifu_domain::relationship::{Interaction, Relationship};
use waifu_domain::user::User;
use waifu_domain::waifu::Waifu;

use crate::caller::SessionHolder;
use crate::ports::store::{
    ApiKey, Day, OccurrencePlace, Receipt, ReceiptKey, Session, Store, StoreError, TurnRecord,
    UnitOfWork, WaifuVersion, finish,
};

/// Rows a page.
const PAGE: u32 = 50;

#[derive(Debug, Clone)]
pub struct ExportData {
    pub store: Arc<dyn Store>,
}

/// In this order; each comes once or more often, and may be empty.
#[derive(Debug)]
pub enum ExportPart {
    Profile(Box<User>),
    Sessions(Vec<Session>),
    ApiKeys(Vec<ApiKey>),
    Companions(Vec<Waifu>),
    Versions(WaifuId, Vec<WaifuVersion>),
    Relationships(Vec<Relationship>),
    Interactions(WaifuId, Vec<Interaction>),
    Turns(WaifuId, Vec<TurnRecord>),
    Events(WaifuId, Vec<EventOccurrence>),
    Receipts(Vec<(ReceiptKey, Receipt)>),
    /// Tokens of each day's budget.
    Spending(Vec<(Day, u64)>),
}

/// An export under way: its parts come one by one.
#[derive(Debug)]
pub struct Export {
    store: Arc<dyn Store>,
    user: UserId,
    step: Step,
    companions: Vec<WaifuId>,
    relationships: Vec<(RelationshipId, WaifuId)>,
}

/// Where the next page begins. What is of one companion or relationship also says which, by its place among them.
#[derive(Debug, Clone, Default)]
enum Step {
    #[default]
    Profile,
    Sessions(Option<SessionId>),
    ApiKeys(Option<ApiKeyId>),
    Companions(Option<WaifuId>),
    Versions(usize, u32),
    Relationships(Option<RelationshipId>),
    Interactions(usize, u32),
    Turns(usize, u32),
    Events(usize, Option<OccurrencePlace>),
    Receipts(Option<ReceiptKey>),
    Spending,
    Done,
}

impl ExportData {
    pub fn begin(&self, holder: SessionHolder) -> Export {
        Export {
            store: Arc::clone(&self.store),
            user: holder.user_id,
            step: Step::default(),
            companions: Vec::new(),
            relationships: Vec::new(),
        }
    }
}

impl Export {
    /// `None`: that was all, or there is no such account.
    pub async fn next(&mut self) -> Result<Option<ExportPart>, StoreError> {
        if matches!(self.step, Step::Done) {
            return Ok(None);
        }
        let mut work = self.store.snapshot().await?;
        let part = self.read(&mut *work).await;
        finish(work, part).await
    }

    #[expect(clippy::too_many_lines, reason = "a few lines for each step")]
    async fn read(&mut self, work: &mut dyn UnitOfWork) -> Result<Option<ExportPart>, StoreError> {
        let user = self.user;
        loop {
            // Without a next step, whatever comes to pass, there is no next page.
            let part = match mem::replace(&mut self.step, Step::Done) {
                Step::Profile => {
                    let Some(found) = work.users().by_id(user).await? else {
                        return Ok(None);
                    };
                    self.step = Step::Sessions(None);
                    ExportPart::Profile(Box::new(found))
                }
                Step::Sessions(after) => {
                    let page = work.personal_data().sessions(user, after, PAGE).await?;
                    let next = next(&page, |session| Step::Sessions(Some(session.id)));
                    self.step = next.unwrap_or(Step::ApiKeys(None));
                    ExportPart::Sessions(page)
                }
                Step::ApiKeys(before) => {
                    let page = work.api_keys().page(user, before, PAGE).await?;
                    let next = next(&page, |key| Step::ApiKeys(Some(key.id)));
                    self.step = next.unwrap_or(Step::Companions(None));
                    ExportPart::ApiKeys(page)
                }
                Step::Companions(after) => {
                    let page = work.personal_data().companions(user, after, PAGE).await?;
                    self.companions.extend(page.iter().map(|waifu| waifu.id));
                    let next = next(&page, |waifu| Step::Companions(Some(waifu.id)));
                    self.step = next.unwrap_or(Step::Versions(0, 0));
                    ExportPart::Companions(page)
                }
                Step::Versions(place, after) => {
                    let Some(&waifu) = self.companions.get(place) else {
                        self.step = Step::Relationships(None);
                        continue;
                    };
                    let page = work.personal_data().versions(waifu, after, PAGE).await?;
                    let next = next(&page, |one| Step::Versions(place, one.version));
                    self.step = next.unwrap_or(Step::Versions(place + 1, 0));
                    ExportPart::Versions(waifu, page)
                }
                Step::Relationships(after) => {
                    let page = work
                        .personal_data()
                        .relationships(user, after, PAGE)
                        .await?;
                    let ids = page.iter().map(|one| (one.id, one.pair.waifu_id));
                    self.relationships.extend(ids);
                    let next = next(&page, |one| Step::Relationships(Some(one.id)));
                    self.step = next.unwrap_or(Step::Interactions(0, 0));
                    ExportPart::Relationships(page)
                }
                Step::Interactions(place, after) => {
                    let Some(&(relationship, waifu)) = self.relationships.get(place) else {
                        self.step = Step::Turns(0, 0);
                        continue;
                    };
                    let ledger = work.relationships();
                    let page = { ledger }.rows_after(relationship, after, PAGE).await?;
                    let next = next(&page, |row| Step::Interactions(place, row.place.no));
                    self.step = next.unwrap_or(Step::Interactions(place + 1, 0));
                    ExportPart::Interactions(waifu, page)
                }
                Step::Turns(place, after) => {
                    let Some(&(relationship, waifu)) = self.relationships.get(place) else {
                        self.step = Step::Events(0, None);
                        continue;
                    };
                    let page = work
                        .personal_data()
                        .turns(relationship, after, PAGE)
                        .await?;
                    let next = next(&page, |turn| Step::Turns(place, turn.turn_no));
                    self.step = next.unwrap_or(Step::Turns(place + 1, 0));
                    ExportPart::Turns(waifu, page)
                }
                Step::Events(place, before) => {
                    let Some(&(relationship, waifu)) = self.relationships.get(place) else {
                        self.step = Step::Receipts(None);
                        continue;
                    };
                    let events = work.relationships();
                    let page = { events }.occurrences(relationship, before, PAGE).await?;
                    let next = next(&page, |event| {
                        let before = OccurrencePlace {
                            opened_at: event.opened_at,
                            id: event.id,
                        };
                        Step::Events(place, Some(before))
                    });
                    self.step = next.unwrap_or(Step::Events(place + 1, None));
                    ExportPart::Events(waifu, page)
                }
                Step::Receipts(after) => {
                    let page = work.personal_data().receipts(user, after, PAGE).await?;
                    let next = next(&page, |(key, _)| Step::Receipts(Some(key.clone())));
                    self.step = next.unwrap_or(Step::Spending);
                    ExportPart::Receipts(page)
                }
                Step::Spending => ExportPart::Spending(work.spending().of_user(user).await?),
                Step::Done => return Ok(None),
            };
            return Ok(Some(part));
        }
    }
}

/// After a full page there may be another one.
fn next<T>(page: &[T], step: impl FnOnce(&T) -> Step) -> Option<Step> {
    page.get(PAGE as usize - 1).map(step)
}
