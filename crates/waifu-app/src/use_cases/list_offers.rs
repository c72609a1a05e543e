//! What can be given and done, with what each would earn right now and why: the judge is asked as it will be when it is
//! done.

use std::sync::Arc;

use waifu_domain::affection::{Act, Refusal, RuleBook, Setting};
use waifu_domain::catalogue::{DatePlan, Gift};
use waifu_domain::ids::{EntryId, WaifuId};
use waifu_domain::relationship::{Pair, Reason};
use waifu_domain::slug::Slug;
use waifu_domain::user::AgeGroup;

use super::access::Unseen;
use super::page::{Page, PageLimit};
use super::read_relationship::{ReadRelationship, RelationshipView};
use crate::caller::Caller;
use crate::catalogues::{Catalogues, StoredCatalogue};
use crate::ports::clock::Clock;
use crate::ports::store::{Store, finish};

#[derive(Debug, Clone)]
pub struct ListOffers {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub rule_book: Arc<RuleBook>,
    pub catalogues: Arc<Catalogues>,
    pub read_relationship: ReadRelationship,
}

/// A gift or a date, and what it would do now.
#[derive(Debug, Clone)]
pub struct Offer<T> {
    pub id: EntryId,
    pub key: Slug,
    pub item: T,
    pub preview: Result<Preview, Refusal>,
}

/// The act's own row; what an absence has cost would come before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    pub affection_change: i32,
    pub reasons: Vec<Reason>,
}

impl ListOffers {
    /// By key.
    pub async fn gifts(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
        after: Option<Slug>,
        limit: PageLimit,
    ) -> Result<Page<Offer<Gift>, Slug>, Unseen> {
        let (view, catalogue) = self.look(caller, waifu_id).await?;
        // What presses for return is not even shown to minors.
        let is_minor = view.person.age_group == AgeGroup::Minor;
        let gifts = catalogue
            .gifts()
            .filter(|(_, _, gift)| !(is_minor && gift.presses_for_return))
            .filter(|(_, key, _)| after.as_ref().is_none_or(|after| *key > after))
            .take(limit.get() as usize + 1)
            .map(|(id, key, gift)| Offer {
                id,
                key: key.clone(),
                item: gift.clone(),
                preview: self.preview(&view, &catalogue, &Act::Gift { key, gift }),
            })
            .collect();
        Ok(Page::cut(gifts, limit, |offer| offer.key.clone()))
    }

    /// By key.
    pub async fn dates(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
        after: Option<Slug>,
        limit: PageLimit,
    ) -> Result<Page<Offer<DatePlan>, Slug>, Unseen> {
        let (view, catalogue) = self.look(caller, waifu_id).await?;
        let dates = catalogue
            .dates()
            .filter(|(_, key, _)| after.as_ref().is_none_or(|after| *key > after))
            .take(limit.get() as usize + 1)
            .map(|(id, key, date)| Offer {
                id,
                key: key.clone(),
                item: date.clone(),
                preview: self.preview(&view, &catalogue, &Act::Date { key, date }),
            })
            .collect();
        Ok(Page::cut(dates, limit, |offer| offer.key.clone()))
    }

    async fn look(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
    ) -> Result<(RelationshipView, Arc<StoredCatalogue>), Unseen> {
        let pair = Pair {
            user_id: caller.user_id,
            waifu_id,
        };
        let mut work = self.store.snapshot().await?;
        let view = self.read_relationship.present(&mut *work, pair).await;
        let view = finish(work, view).await?;
        Ok((view, self.catalogues.current().await))
    }

    fn preview(
        &self,
        view: &RelationshipView,
        catalogue: &StoredCatalogue,
        act: &Act<'_>,
    ) -> Result<Preview, Refusal> {
        let setting = Setting {
            waifu: &view.waifu.profile,
            person: &view.person,
            events: catalogue.events(),
        };
        let now = self.clock.now();
        let mut verdict = self.rule_book.judge(setting, &view.state, act, now)?;
        let row = verdict
            .rows
            .pop()
            .expect("whoever does something leaves a row");
        Ok(Preview {
            affection_change: row.applied,
            reasons: row.reasons,
        })
    }
}
