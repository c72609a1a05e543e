//! What the two have said, newest first.

use std::sync::Arc;

use waifu_domain::ids::WaifuId;
use waifu_domain::turn::Message;

use super::access::{Unseen, known_relationship};
use super::page::{Page, PageLimit};
use crate::caller::Caller;
use crate::ports::store::{MessagePlace, Store, UnitOfWork, finish};

#[derive(Debug, Clone)]
pub struct ReadHistory {
    pub store: Arc<dyn Store>,
}

impl ReadHistory {
    pub async fn execute(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
        before: Option<MessagePlace>,
        limit: PageLimit,
    ) -> Result<Page<Message, MessagePlace>, Unseen> {
        let mut work = self.store.snapshot().await?;
        let outcome = read(&mut *work, caller, waifu_id, before, limit).await;
        let messages = finish(work, outcome).await?;
        let place = |message: &Message| MessagePlace {
            turn_no: message.turn_no,
            speaker: message.speaker,
        };
        Ok(Page::cut(messages, limit, place))
    }
}

async fn read(
    work: &mut dyn UnitOfWork,
    caller: Caller,
    waifu_id: WaifuId,
    before: Option<MessagePlace>,
    limit: PageLimit,
) -> Result<Vec<Message>, Unseen> {
    let Some(relationship) = known_relationship(work, caller.user_id, waifu_id).await? else {
        return Ok(Vec::new());
    };
    let to_ask = Page::<Message, MessagePlace>::to_ask(limit);
    Ok(work
        .messages()
        .history(relationship.id, before, to_ask)
        .await?)
}
