//! A companion of one's own, or of the house's.

use std::sync::Arc;

use serde_json::json;
use waifu_domain::ids::UserId;
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::waifu::{DocumentRefused, Owner, Visibility, Waifu, WaifuProfile};

use super::idempotency::{Asked, IdempotencyKey, Ticket};
use crate::caller::Caller;
use crate::ports::clock::Clock;
use crate::ports::ids::IdSource;
use crate::ports::store::{Store, StoreError, Taken, UnitOfWork, Written, finish};

#[derive(Debug, Clone)]
pub struct CreateWaifu {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
}

#[derive(Debug, Clone)]
pub struct WaifuDraft {
    pub profile: WaifuProfile,
    pub visibility: Visibility,
}

#[derive(Debug, thiserror::Error)]
pub enum CreateWaifuError {
    #[error(transparent)]
    Document(#[from] DocumentRefused),
    #[error("another companion of the house has this key")]
    KeyTaken,
    #[error("the idempotency key was used for another request")]
    Mismatch,
    /// She was made when this was asked for before, and has been deleted since.
    #[error("the companion is gone")]
    Gone,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CreateWaifu {
    /// Asked for again under the same key, the one who was made then.
    pub async fn execute(
        &self,
        caller: Caller,
        draft: WaifuDraft,
        key: Option<IdempotencyKey>,
    ) -> Result<Waifu, CreateWaifuError> {
        let owner = Owner::User(caller.user_id);
        let ticket = key.map(|key| ticket(caller.user_id, "companion", key, None, &draft));
        self.create(owner, None, draft, ticket).await
    }

    /// One of the house's. Whether the caller is an operator is the door's to check.
    pub async fn for_house(
        &self,
        operator: UserId,
        slug: Slug,
        draft: WaifuDraft,
        key: Option<IdempotencyKey>,
    ) -> Result<Waifu, CreateWaifuError> {
        let ticket = key.map(|key| ticket(operator, "house's companion", key, Some(&slug), &draft));
        self.create(Owner::House, Some(slug), draft, ticket).await
    }

    async fn create(
        &self,
        owner: Owner,
        key: Option<Slug>,
        draft: WaifuDraft,
        ticket: Option<Ticket>,
    ) -> Result<Waifu, CreateWaifuError> {
        draft.profile.check_documents()?;
        let now = self.clock.now();
        let waifu = Waifu {
            id: self.ids.fresh(),
            key,
            seeded_version: None,
            owner,
            visibility: draft.visibility,
            profile: draft.profile,
            version: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        };
        match self.attempt(&waifu, ticket.as_ref(), now).await {
            // The same request may have come twice at once: then the other's receipt is there by now.
            Err(CreateWaifuError::KeyTaken | CreateWaifuError::Mismatch) if ticket.is_some() => {
                self.attempt(&waifu, ticket.as_ref(), now).await
            }
            done => done,
        }
    }

    async fn attempt(
        &self,
        waifu: &Waifu,
        ticket: Option<&Ticket>,
        now: Timestamp,
    ) -> Result<Waifu, CreateWaifuError> {
        let mut work = self.store.begin().await?;
        let outcome = insert(&mut *work, waifu, ticket, now).await;
        finish(work, outcome).await
    }
}

async fn insert(
    work: &mut dyn UnitOfWork,
    waifu: &Waifu,
    ticket: Option<&Ticket>,
    now: Timestamp,
) -> Result<Waifu, CreateWaifuError> {
    if let Some(ticket) = ticket {
        match ticket.find(work, now).await? {
            Asked::Never => {}
            Asked::Before(Written::Waifu(id)) => {
                let made = work.waifus().by_id(id).await?;
                let made = made.filter(|made| made.deleted_at.is_none());
                return made.ok_or(CreateWaifuError::Gone);
            }
            Asked::Before(Written::Act(_) | Written::Run { .. }) | Asked::Otherwise => {
                return Err(CreateWaifuError::Mismatch);
            }
        }
    }
    if work.waifus().insert(waifu).await? == Err(Taken) {
        return Err(CreateWaifuError::KeyTaken);
    }
    if let Some(ticket) = ticket {
        let kept = ticket.keep(work, Written::Waifu(waifu.id), now).await?;
        kept.map_err(|Taken| CreateWaifuError::Mismatch)?;
    }
    Ok(waifu.clone())
}

fn ticket(
    by: UserId,
    scope: &str,
    key: IdempotencyKey,
    slug: Option<&Slug>,
    draft: &WaifuDraft,
) -> Ticket {
    let request = json!([slug, draft.profile, draft.visibility]).to_string();
    Ticket::of_client(by, scope.to_owned(), key, request)
}
