//! The companions that a caller may meet: the house's, public ones, his own, and those he knows.

use std::sync::Arc;

use waifu_domain::waifu::Waifu;

use super::page::{Page, PageLimit};
use crate::caller::Caller;
use crate::ports::store::{Store, StoreError, WaifuPlace, finish};

#[derive(Debug, Clone)]
pub struct ListWaifus {
    pub store: Arc<dyn Store>,
}

impl ListWaifus {
    /// Oldest first.
    pub async fn execute(
        &self,
        caller: Caller,
        after: Option<WaifuPlace>,
        limit: PageLimit,
    ) -> Result<Page<Waifu, WaifuPlace>, StoreError> {
        let mut work = self.store.snapshot().await?;
        let to_ask = Page::<Waifu, WaifuPlace>::to_ask(limit);
        let outcome = work
            .waifus()
            .visible_to(caller.user_id, after, to_ask)
            .await;
        let waifus = finish(work, outcome).await?;
        Ok(Page::cut(waifus, limit, place))
    }

    /// The house's, private ones too; oldest first.
    pub async fn of_house(
        &self,
        after: Option<WaifuPlace>,
        limit: PageLimit,
    ) -> Result<Page<Waifu, WaifuPlace>, StoreError> {
        let mut work = self.store.snapshot().await?;
        let to_ask = Page::<Waifu, WaifuPlace>::to_ask(limit);
        let outcome = work.waifus().of_house(after, to_ask).await;
        let waifus = finish(work, outcome).await?;
        Ok(Page::cut(waifus, limit, place))
    }
}

fn place(waifu: &Waifu) -> WaifuPlace {
    WaifuPlace {
        created_at: waifu.created_at,
        id: waifu.id,
    }
}
