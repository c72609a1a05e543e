//! Pages of the ledger, with the words that its rows name.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use waifu_app::ports::store::LedgerRow;
use waifu_domain::ids::{RelationshipId, TurnId};
use waifu_domain::relationship::{Interaction, InteractionKind};

use super::InteractionRow;
use crate::columns::word;
use crate::errors::Fault;
use crate::rows::messages;
use crate::schema::interactions;

/// What the turn wrote, in the ledger's order.
pub(crate) async fn of_turn(
    connection: &mut AsyncPgConnection,
    turn: TurnId,
) -> Result<Vec<LedgerRow>, Fault> {
    let rows = interactions::table
        .filter(interactions::turn_id.eq(turn.as_uuid()))
        .order_by(interactions::no)
        .select(InteractionRow::as_select())
        .load(connection)
        .await?;
    with_words(connection, rows).await
}

/// Newest first.
pub(crate) async fn ledger(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
    before_no: Option<u32>,
    limit: u32,
) -> Result<Vec<LedgerRow>, Fault> {
    let before = before_no.map_or(i32::MAX, |no| i32::try_from(no).unwrap_or(i32::MAX));
    let rows = interactions::table
        .filter(interactions::relationship_id.eq(relationship.as_uuid()))
        .filter(interactions::no.lt(before))
        .order_by(interactions::no.desc())
        .limit(limit.into())
        .select(InteractionRow::as_select())
        .load(connection)
        .await?;
    with_words(connection, rows).await
}

async fn with_words(
    connection: &mut AsyncPgConnection,
    rows: Vec<InteractionRow>,
) -> Result<Vec<LedgerRow>, Fault> {
    let chat = word(InteractionKind::Chat);
    let turns = rows
        .iter()
        .filter(|row| row.kind == chat)
        .filter_map(|row| row.turn_id)
        .collect();
    let mut said = messages::said_in(connection, turns).await?;
    rows.into_iter()
        .map(|row| {
            let turn = row.turn_id.filter(|_| row.kind == chat);
            let said = turn.and_then(|turn| said.remove(&turn));
            Ok(LedgerRow::new(row.read()?, said.as_deref()))
        })
        .collect()
}

/// In the ledger's order, those after `no`.
pub(crate) async fn rows_after(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
    no: u32,
    limit: u32,
) -> Result<Vec<Interaction>, Fault> {
    let rows = interactions::table
        .filter(interactions::relationship_id.eq(relationship.as_uuid()))
        .filter(interactions::no.gt(i32::try_from(no).unwrap_or(i32::MAX)))
        .order_by(interactions::no)
        .limit(limit.into())
        .select(InteractionRow::as_select())
        .load(connection)
        .await?;
    rows.into_iter().map(InteractionRow::read).collect()
}
