//! What the two have said, newest first.

use std::collections::HashMap;
use std::sync::Arc;

use waifu_domain::ids::{TurnId, WaifuId};
use waifu_domain::turn::{Message, Speaker};

use super::access::{Unseen, known_relationship};
use super::page::{Page, PageLimit};
use crate::caller::Caller;
use crate::ports::store::{Candidate, MessagePlace, Store, UnitOfWork, finish};

/// A message, and the answers among which it was chosen.
#[derive(Debug, Clone)]
pub struct HistoryMessage {
    pub message: Message,
    /// All answers to its turn, when it is hers and there are several.
    pub candidates: Vec<Candidate>,
}

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
    ) -> Result<Page<HistoryMessage, MessagePlace>, Unseen> {
        let mut work = self.store.snapshot().await?;
        let outcome = read(&mut *work, caller, waifu_id, before, limit).await;
        let messages = finish(work, outcome).await?;
        let place = |told: &HistoryMessage| MessagePlace {
            turn_no: told.message.turn_no,
            speaker: told.message.speaker,
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
) -> Result<Vec<HistoryMessage>, Unseen> {
    let Some(relationship) = known_relationship(work, caller.user_id, waifu_id).await? else {
        return Ok(Vec::new());
    };
    let to_ask = Page::<HistoryMessage, MessagePlace>::to_ask(limit);
    let messages = work
        .messages()
        .history(relationship.id, before, to_ask)
        .await?;
    let hers = messages.iter().filter(|message| is_hers(message));
    let turns: Vec<TurnId> = hers.map(|message| message.turn_id).collect();
    let mut by_turn: HashMap<TurnId, Vec<Candidate>> = HashMap::new();
    for candidate in work.turns().candidates(&turns).await? {
        let of_turn = by_turn.entry(candidate.turn_id).or_default();
        of_turn.push(candidate);
    }
    let told = |message: Message| {
        let all = is_hers(&message).then(|| by_turn.remove(&message.turn_id));
        let several = all.flatten().filter(|all| all.len() > 1);
        HistoryMessage {
            candidates: several.unwrap_or_default(),
            message,
        }
    };
    Ok(messages.into_iter().map(told).collect())
}

fn is_hers(message: &Message) -> bool {
    message.speaker == Speaker::Waifu
}
