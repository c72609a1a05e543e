//! What the judge and the recorder need of a turn's newest run.

use std::sync::Arc;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use waifu_app::ports::turn_store::Standing;
use waifu_domain::affection::Appraisal;
use waifu_domain::ids::TurnId;
use waifu_domain::relationship::Horizon;

use crate::columns::scale;
use crate::errors::Fault;
use crate::rows::relationships::{self as relationship_rows, RelationshipRow};
use crate::rows::turns::TurnRow;
use crate::rows::users::PersonRow;
use crate::rows::waifus::{VersionRow, WaifuRow};
use crate::rows::{interactions, runs};
use crate::schema::{relationships, turns, users, waifu_versions, waifus};

type Row = (TurnRow, RelationshipRow, PersonRow, WaifuRow, VersionRow);

/// The caller sees to it that all is read at one head: by the relationship's lock, or in one snapshot.
pub(crate) async fn standing(
    connection: &mut AsyncPgConnection,
    id: TurnId,
    horizon: Horizon,
) -> Result<Option<Standing>, Fault> {
    let Some((turn, relationship, person, waifu, version)) = find(connection, id).await? else {
        return Ok(None);
    };
    let run = runs::newest(connection, id).await?;
    let relationship = relationship.read()?;
    let (user, person) = person.read()?;
    Ok(Some(Standing {
        turn: turn.reference(connection, run.no).await?,
        kind: scale("turns.kind", &turn.kind)?,
        conversation_id: turn.conversation(),
        ended: run.status.ended(),
        appraisal: appraisal(connection, &turn).await?,
        words_so_far: run.words_so_far,
        waifu: Arc::new(waifu.read_as(version)?),
        user,
        person,
        state: relationship_rows::state(connection, &relationship, horizon).await?,
        relationship,
    }))
}

async fn find(connection: &mut AsyncPgConnection, id: TurnId) -> Result<Option<Row>, Fault> {
    let played = waifu_versions::waifu_id
        .eq(waifus::id)
        .and(waifu_versions::version.eq(turns::waifu_version));
    let row = turns::table
        .inner_join(relationships::table)
        .inner_join(users::table.on(users::id.eq(relationships::user_id)))
        .inner_join(waifus::table.on(waifus::id.eq(relationships::waifu_id)))
        .inner_join(waifu_versions::table.on(played))
        .filter(turns::id.eq(id.as_uuid()))
        .select((
            TurnRow::as_select(),
            RelationshipRow::as_select(),
            PersonRow::as_select(),
            WaifuRow::as_select(),
            VersionRow::as_select(),
        ))
        .first(connection)
        .await;
    Ok(row.optional()?)
}

/// A turn moves affection once: with the first of its runs that ends with words.
async fn appraisal(
    connection: &mut AsyncPgConnection,
    turn: &TurnRow,
) -> Result<Option<Appraisal>, Fault> {
    match &turn.appraisal {
        Some(word) if !interactions::turn_has_counted(connection, turn.id.into()).await? => {
            scale("turns.appraisal", word).map(Some)
        }
        _ => Ok(None),
    }
}
