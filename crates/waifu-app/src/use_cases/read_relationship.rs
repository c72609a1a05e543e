//! Where a relationship stands now. Reading never writes: a due decay is shown, not stored.

use std::sync::Arc;

use waifu_domain::affection::RuleBook;
use waifu_domain::events::OccurrenceState;
use waifu_domain::ids::WaifuId;
use waifu_domain::relationship::{Affection, Mood, Pair, Relationship, RelationshipState, Stage};
use waifu_domain::slug::Slug;
use waifu_domain::user::{AgeGroup, Person};
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
    pub pending_events: Vec<Slug>,
}

impl ReadRelationship {
    pub async fn execute(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
    ) -> Result<RelationshipView, Unseen> {
        let mut work = self.store.snapshot().await?;
        let outcome = self.view(&mut *work, caller, waifu_id).await;
        finish(work, outcome).await
    }

    pub(super) async fn view(
        &self,
        work: &mut dyn UnitOfWork,
        caller: Caller,
        waifu_id: WaifuId,
    ) -> Result<RelationshipView, Unseen> {
        let waifu = known_waifu(work, caller, waifu_id).await?;
        let pair = Pair {
            user_id: caller.user_id,
            waifu_id,
        };
        let now = self.clock.now();
        let stored = work.relationships().find(pair).await?;
        let state = match &stored {
            None => RelationshipState::strangers(),
            Some(relationship) => {
                let since = now.minus(self.rule_book.longest_window());
                work.relationships().state(relationship, since).await?
            }
        };
        let person = self.person(work, caller).await?;
        let pending =
            |last: &&waifu_domain::events::LastOccurrence| last.state == OccurrenceState::Pending;
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
                .map(|last| last.event.clone())
                .collect(),
            waifu,
            stored,
            state,
        })
    }

    async fn person(
        &self,
        work: &mut dyn UnitOfWork,
        caller: Caller,
    ) -> Result<Person, StoreError> {
        let user = work.users().by_id(caller.user_id).await?;
        Ok(Person {
            age_group: user.map_or(AgeGroup::Adult, |user| user.age_group),
        })
    }
}
