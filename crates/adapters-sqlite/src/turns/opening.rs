//! All that an answer is made from.

use diesel::SqliteConnection;
use waifu_app::ports::turn_store::Opening;
use waifu_domain::ids::TurnId;
use waifu_domain::relationship::Horizon;

use super::standing;
use crate::companions::Companions;
use crate::errors::Fault;
use crate::rows::messages;

pub(crate) fn read(
    c: &mut SqliteConnection,
    companions: &Companions,
    turn: TurnId,
    history_limit: u32,
    horizon: Horizon,
) -> Result<Option<Opening>, Fault> {
    let Some(standing) = standing::read(c, companions, turn, horizon)? else {
        return Ok(None);
    };
    let (conversation, turn_no) = (standing.conversation_id, standing.turn.turn_no);
    let history = messages::lines(c, conversation, turn_no, history_limit)?;
    Ok(Some(Opening { standing, history }))
}
