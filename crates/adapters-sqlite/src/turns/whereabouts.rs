//! Where relationships stand, for those who watch them.

use diesel::prelude::*;
use waifu_app::ports::turn_store::{StreamingRun, Whereabouts};
use waifu_domain::relationship::Pair;

use crate::errors::Fault;
use crate::schema::{relationships, runs};
use crate::types::{DbUuid, checked, db};

/// A small statement a pair, all in one transaction.
pub(crate) fn whereabouts(
    c: &mut SqliteConnection,
    pairs: &[Pair],
) -> Result<Vec<Whereabouts>, Fault> {
    let mut found = Vec::with_capacity(pairs.len());
    for pair in pairs {
        found.extend(of_pair(c, *pair)?);
    }
    Ok(found)
}

type Row = (i64, Option<(DbUuid, i64, Option<DbUuid>, String)>);

/// `None`: they have never met.
fn of_pair(c: &mut SqliteConnection, pair: Pair) -> Result<Option<Whereabouts>, Fault> {
    let streams = runs::relationship_id
        .eq(relationships::id)
        .and(runs::ended_at.is_null());
    let row: Option<Row> = relationships::table
        .left_join(runs::table.on(streams))
        .filter(relationships::user_id.eq(db(pair.user_id)))
        .filter(relationships::waifu_id.eq(db(pair.waifu_id)))
        .select((
            relationships::head_seq,
            (
                runs::turn_id,
                runs::run,
                runs::lease_owner,
                runs::words_so_far,
            )
                .nullable(),
        ))
        .first(c)
        .optional()?;
    let Some((seq, run)) = row else {
        return Ok(None);
    };
    let streaming = match run {
        Some((turn, run, Some(process), words)) => Some(StreamingRun {
            turn_id: turn.id(),
            run: checked("runs.run", run)?,
            process: process.id(),
            words,
        }),
        Some((.., None, _)) | None => None,
    };
    Ok(Some(Whereabouts {
        pair,
        seq: checked("relationships.head_seq", seq)?,
        streaming,
    }))
}
