//! Every change of affection and why, newest first.

use std::sync::Arc;

use waifu_domain::ids::WaifuId;

use super::access::{Unseen, known_relationship};
use super::page::{Page, PageLimit};
use crate::caller::Caller;
use crate::ports::store::{LedgerRow, Store, UnitOfWork, finish};

#[derive(Debug, Clone)]
pub struct ReadLedger {
    pub store: Arc<dyn Store>,
}

impl ReadLedger {
    /// Pages end at a row's number.
    pub async fn execute(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
        before_no: Option<u32>,
        limit: PageLimit,
    ) -> Result<Page<LedgerRow, u32>, Unseen> {
        let mut work = self.store.snapshot().await?;
        let outcome = read(&mut *work, caller, waifu_id, before_no, limit).await;
        let rows = finish(work, outcome).await?;
        Ok(Page::cut(rows, limit, |row| row.interaction.place.no))
    }
}

async fn read(
    work: &mut dyn UnitOfWork,
    caller: Caller,
    waifu_id: WaifuId,
    before_no: Option<u32>,
    limit: PageLimit,
) -> Result<Vec<LedgerRow>, Unseen> {
    let Some(relationship) = known_relationship(work, caller.user_id, waifu_id).await? else {
        return Ok(Vec::new());
    };
    let to_ask = Page::<LedgerRow, u32>::to_ask(limit);
    Ok(work
        .relationships()
        .ledger(relationship.id, before_no, to_ask)
        .await?)
}
