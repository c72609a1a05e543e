//! Where a relationship stands now. Reading never writes: a due decay is shown, not stored.

use std::sync::Arc;

use waifu_domain::affection::RuleBook;
use waifu_domain::events::EventOccurrence;
use waifu_domain::ids::{UserId, WaifuId};
use waifu_domain::relationship::{Affection, Mood, Pair, Relationship, RelationshipState, Stage};
use waifu_domain::slug::Slug;
use waifu_domain::user::Person;
use waifu_domain::waifu::Waifu;

use super::access::{Unseen, known_waifu};
use crate::caller::Caller;
use crate::ports::clock::Clock;
use crate::ports::store::{Store, StoreError, UnitOfWork, finish};

#[derive(Debug, Clone)]
pub struct ReadRelationship {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub rule_book: Arc<RuleBook>,
}

#[derive(Debug, Clone)]
pub struct RelationshipView {
    pub pair: Pair,
    pub waifu: Waifu,
    /// `None` when the two have never met.
    pub stored: Option<Relationship>,
    pub state: RelationshipState,
    pub stage: Stage,
    pub mood: Mood,
    /// The affection at which the next level comes; `None` at the highest.
    pub next_level_at: Option<Affection>,
    /// The event that holds the next level.
    pub gate: Option<Slug>,
    /// Points that the user's next act will store as decay.
    pub pending_decay: i32,
    pub pending_events: Vec<EventOccurrence>,
    pub person: Person,
}

impl ReadRelationship {
    pub async fn execute(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
    ) -> Result<RelationshipView, Unseen> {
        let mut work = self.store.snapshot().await?;
        let pair = Pair {
            user_id: caller.user_id,
            waifu_id,
        };
        let outcome = self.view(&mut *work, pair).await;
        finish(work, outcome).await
    }

    /// What is stored of the caller and any of these; nothing of those whom he has never met.
    pub async fn stored(
        &self,
        caller: Caller,
        waifus: &[WaifuId],
    ) -> Result<Vec<Relationship>, StoreError> {
        let mut work = self.store.snapshot().await?;
        let found = work.relationships().with_any(caller.user_id, waifus).await;
        finish(work, found).await
    }

    /// As [`ReadRelationship::view`], with one who has not been deleted.
    pub(super) async fn present(
        &self,
        work: &mut dyn UnitOfWork,
        pair: Pair,
    ) -> Result<RelationshipView, Unseen> {
        let view = self.view(work, pair).await?;
        if view.waifu.deleted_at.is_some() {
            return Err(Unseen::Gone);
        }
        Ok(view)
    }

    pub(super) async fn view(
        &self,
        work: &mut dyn UnitOfWork,
        pair: Pair,
    ) -> Result<RelationshipView, Unseen> {
        let waifu = known_waifu(work, pair.user_id, pair.waifu_id).await?;
        let now = self.clock.now();
        let stored = work.relationships().find(pair).await?;
        let mut state = match &stored {
            None => RelationshipState::strangers(),
            Some(relationship) => {
                let horizon = self.rule_book.horizon(now);
                work.relationships().state(relationship, horizon).await?
            }
        };
        let person = person(work, pair.user_id).await?;
        state.level = self
            .rule_book
            .level_that_counts(state.level, person.age_group);
        let pending = |last: &&EventOccurrence| last.is_pending() && !last.is_overdue(now);
        Ok(RelationshipView {
            pair,
            stage: Stage::of(state.level),
            mood: state.mood(),
            next_level_at: self.rule_book.next_level_at(state.level),
            gate: self
                .rule_book
                .waiting_gate(&state, person.age_group)
                .cloned(),
            pending_decay: self
                .rule_book
                .pending_decay(&waifu.profile, &person, &state, now),
            pending_events: state
                .last_occurrences
                .iter()
                .filter(pending)
                .cloned()
                .collect(),
            person,
            waifu,
            stored,
            state,
        })
    }
}

/// What the rules need to know of a user.
pub(super) async fn person(work: &mut dyn UnitOfWork, user: UserId) -> Result<Person, StoreError> {
    let user = work.users().by_id(user).await?;
    Ok(user.map_or_else(Person::adult, |user| user.person()))
}
