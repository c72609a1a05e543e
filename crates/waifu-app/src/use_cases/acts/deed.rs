//! What can be done, as it is asked for.

use waifu_domain::ids::{EntryId, OccurrenceId, TurnId, UserId};
use waifu_domain::relationship::Pair;
use waifu_domain::slug::Slug;

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
    /// What an idempotency key is unique in, together with its user.
    pub(super) fn scope(&self, pair: Pair) -> String {
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
    pub(super) fn request(&self, pair: Pair) -> String {
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
