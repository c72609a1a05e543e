//! All that an answer is made from.

use diesel_async::AsyncPgConnection;
use waifu_app::ports::store::MessagePlace;
use waifu_app::ports::turn_store::Opening;
use waifu_domain::ids::TurnId;
use waifu_domain::prompt::Line;
use waifu_domain::relationship::Horizon;
use waifu_domain::turn::{Message, Speaker, plain_text};

use crate::errors::Fault;
use crate::rows::messages;

/// The caller sees to it that all is read at one head, as for a standing.
pub(crate) async fn opening(
    connection: &mut AsyncPgConnection,
    turn: TurnId,
    history_limit: u32,
    horizon: Horizon,
) -> Result<Option<Opening>, Fault> {
    let Some(standing) = super::standing(connection, turn, horizon).await? else {
        return Ok(None);
    };
    let here = MessagePlace {
        turn_no: standing.turn.turn_no,
        speaker: Speaker::User,
    };
    let conversation = standing.conversation_id;
    let history = messages::history(connection, conversation, Some(here), history_limit).await?;
    let line = |message: Message| Line {
        speaker: message.speaker,
        text: plain_text(&message.parts),
    };
    Ok(Some(Opening {
        standing,
        history: history.into_iter().rev().map(line).collect(),
    }))
}
