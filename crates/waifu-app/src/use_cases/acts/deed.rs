//! What can be done, as it is asked for.

use waifu_domain::ids::{EntryId, OccurrenceId, TurnId, UserId};
use waifu_domain::relationship::Pair;
use waifu_domain::slug::Slug;

use crate::use_cases::idempotency::{IdempotencyKey, Ticket};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    Gift {
        gift: EntryId,
    },
    Date {
        date: EntryId,
    },
    Choice {
        occurrence: OccurrenceId,
        choice: Slug,
    },
    Rewind {
        turn: TurnId,
    },
    Adjustment {
        points: i32,
        operator: UserId,
        reason: String,
    },
    Visit,
}

impl Deed {
    /// Under which its receipt is looked for and kept.
    pub(super) fn tickets(
        &self,
        by: UserId,
        pair: Pair,
        key: Option<IdempotencyKey>,
    ) -> Vec<Ticket> {
        let request = self.request(pair);
        let clients = key.map(|key| Ticket::of_client(by, self.scope(pair), key, &request));
        // A choice is taken once, with a key or without.
        let events = if let Self::Choice { occurrence, .. } = self {
            let scope = format!("event {} {occurrence}", pair.waifu_id);
            Some(Ticket::for_good(by, scope, &request))
        } else {
            None
        };
        clients.into_iter().chain(events).collect()
    }

    /// What an idempotency key is unique in, together with its user.
    fn scope(&self, pair: Pair) -> String {
        let waifu = pair.waifu_id;
        match self {
            Self::Gift { .. } => format!("gift {waifu}"),
            Self::Date { .. } => format!("date {waifu}"),
            Self::Choice { occurrence, .. } => format!("choice {waifu} {occurrence}"),
            Self::Rewind { turn } => format!("rewind {waifu} {turn}"),
            Self::Adjustment { .. } => "adjustment".to_owned(),
            Self::Visit => format!("visit {waifu}"),
        }
    }

    /// What two requests under one key must have in common, within their scope.
    fn request(&self, pair: Pair) -> String {
        match self {
            Self::Gift { gift } => gift.to_string(),
            Self::Date { date } => date.to_string(),
            Self::Choice { choice, .. } => choice.to_string(),
            Self::Rewind { .. } | Self::Visit => String::new(),
            Self::Adjustment { points, reason, .. } => {
                format!("{} {} {points} {reason}", pair.user_id, pair.waifu_id)
            }
        }
    }
}
