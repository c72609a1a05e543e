//! Pages of the ledger, with the words that its rows name.

use diesel::prelude::*;
use waifu_app::ports::store::LedgerRow;
use waifu_domain::ids::{RelationshipId, TurnId};
use waifu_domain::relationship::Interaction;
use waifu_domain::turn::{Speaker, plain_text};

use super::InteractionRow;
use crate::errors::Fault;
use crate::rows::messages::parts;
use crate::schema::{interactions, messages, turns};
use crate::types::{db, name_of};

/// Newest first, those before `before_no`.
pub(crate) fn ledger(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
    before_no: Option<u32>,
    limit: u32,
) -> Result<Vec<LedgerRow>, Fault> {
    let before = before_no.map_or(i64::MAX, i64::from);
    let rows = interactions::table
        .left_join(turns::table.on(turns::id.nullable().eq(interactions::turn_id)))
        .left_join(
            messages::table.on(messages::conversation_id
                .eq(turns::conversation_id)
                .and(messages::turn_no.eq(turns::turn_no))
                .and(messages::speaker.eq(name_of(Speaker::User)))),
        )
        .filter(interactions::relationship_id.eq(db(relationship)))
        .filter(interactions::no.lt(before))
        .order(interactions::no.desc())
        .limit(limit.into())
        .select((InteractionRow::as_select(), messages::content.nullable()))
        .load(c)?;
    rows.into_iter().map(into_ledger_row).collect()
}

/// The rows that a turn wrote, in their order.
pub(crate) fn of_turn(c: &mut SqliteConnection, turn: TurnId) -> Result<Vec<LedgerRow>, Fault> {
    let rows = interactions::table
        .left_join(turns::table.on(turns::id.nullable().eq(interactions::turn_id)))
        .left_join(
            messages::table.on(messages::conversation_id
                .eq(turns::conversation_id)
                .and(messages::turn_no.eq(turns::turn_no))
                .and(messages::speaker.eq(name_of(Speaker::User)))),
        )
        .filter(interactions::turn_id.eq(db(turn)))
        .order(interactions::no)
        .select((InteractionRow::as_select(), messages::content.nullable()))
        .load(c)?;
    rows.into_iter().map(into_ledger_row).collect()
}

/// In their order, those after `no`.
pub(crate) fn rows_after(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
    no: u32,
    limit: u32,
) -> Result<Vec<Interaction>, Fault> {
    let rows = interactions::table
        .filter(interactions::relationship_id.eq(db(relationship)))
        .filter(interactions::no.gt(i64::from(no)))
        .order(interactions::no)
        .limit(limit.into())
        .select(InteractionRow::as_select())
        .load(c)?;
    let rows: Result<Vec<_>, _> = rows
        .into_iter()
        .map(InteractionRow::into_interaction)
        .collect();
    Ok(rows?)
}

/// A decay belongs to a turn as well, but nobody said it.
fn into_ledger_row((row, content): (InteractionRow, Option<String>)) -> Result<LedgerRow, Fault> {
    let parts = content.map(|content| parts(&content)).transpose()?;
    let said = parts.map(|parts| plain_text(&parts));
    Ok(LedgerRow::new(row.into_interaction()?, said.as_deref()))
}
