//! What the judge and the recorder need of a turn, read at one head.

use diesel::SqliteConnection;
use waifu_app::ports::turn_store::Standing;
use waifu_domain::ids::TurnId;
use waifu_domain::relationship::Horizon;

use super::companion;
use crate::companions::Companions;
use crate::errors::Fault;
use crate::rows::{interactions, relationships, runs, turns, users, waifus};

pub(crate) fn read(
    c: &mut SqliteConnection,
    companions: &Companions,
    turn_id: TurnId,
    horizon: Horizon,
) -> Result<Option<Standing>, Fault> {
    let Some(turn) = turns::by_id(c, turn_id)? else {
        return Ok(None);
    };
    let run = runs::newest(c, turn_id)?;
    let relationship = relationships::by_id(c, turn.relationship_id())?;
    let state = relationships::state(c, &relationship, horizon)?;
    let pair = relationship.pair;
    let user = users::by_id(c, pair.user_id)?.ok_or(diesel::NotFound)?;
    let version = turn.waifu_version()?;
    let head = waifus::head(c, pair.waifu_id)?.ok_or(diesel::NotFound)?;
    let waifu = companion::of_version(c, companions, pair.waifu_id, version, head)?;
    let appraisal = if interactions::has_moved(c, turn_id)? {
        None
    } else {
        turn.appraisal()?
    };
    Ok(Some(Standing {
        turn: turn.reference(c, run.no()?)?,
        kind: turn.kind()?,
        conversation_id: turn.conversation_id(),
        ended: run.status()?.ended(),
        appraisal,
        words_so_far: run.words_so_far,
        waifu,
        person: user.person(),
        user: user.into(),
        relationship,
        state,
    }))
}
