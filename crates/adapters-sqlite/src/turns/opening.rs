//! All that an answer is made from.

use diesel::SqliteConnection;
use waifu_app::ports::store::MessagePlace;
use waifu_app::ports::turn_store::Opening;
use waifu_domain::ids::TurnId;
use waifu_domain::prompt::Line;
use waifu_domain::relationship::Horizon;
use waifu_domain::turn::{Message, Speaker, plain_text};

use super::standing;
use crate::errors::Fault;
use crate::rows::messages;

pub(crate) fn read(
    c: &mut SqliteConnection,
    turn: TurnId,
    history_limit: u32,
    horizon: Horizon,
) -> Result<Option<Opening>, Fault> {
    let Some(standing) = standing::read(c, turn, horizon)? else {
        return Ok(None);
    };
    let before = MessagePlace {
        turn_no: standing.turn.turn_no,
        speaker: Speaker::User,
    };
    let conversation = standing.conversation_id;
    let mut history = messages::history(c, conversation, Some(before), history_limit)?;
    history.reverse();
    Ok(Some(Opening {
        standing,
        history: history.iter().map(line).collect(),
    }))
}

fn line(message: &Message) -> Line {
    Line {
        speaker: message.speaker,
        text: plain_text(&message.parts),
    }
}
