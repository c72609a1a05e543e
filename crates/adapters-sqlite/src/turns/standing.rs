//! What the judge and the recorder need of a turn, read at one head.

use std::sync::Arc;

use diesel::SqliteConnection;
use waifu_app::ports::turn_store::Standing;
use waifu_domain::ids::TurnId;
use waifu_domain::relationship::Horizon;
use waifu_domain::waifu::Waifu;

use crate::errors::Fault;
use crate::rows::{interactions, relationships, runs, turns, users, waifu_versions, waifus};

pub(crate) fn read(
    c: &mut SqliteConnection,
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
    let waifu = Waifu {
        profile: waifu_versions::get(c, pair.waifu_id, version)?,
        version,
        ..waifus::by_id(c, pair.waifu_id)?.ok_or(diesel::NotFound)?
    };
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
        waifu: Arc::new(waifu),
        person: user.person(),
        user_name: user.display_name,
        relationship,
        state,
    }))
}
