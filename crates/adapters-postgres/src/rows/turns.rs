//! Turns.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use waifu_app::ports::turn_store::TurnRef;
use waifu_domain::ids::{ClientMessageId, ConversationId, RelationshipId, TurnId};
use waifu_domain::turn::RunNo;

use super::messages;
use crate::columns::{Moment, count, number};
use crate::errors::Fault;
use crate::schema::turns;

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = turns, check_for_backend(Pg))]
pub(crate) struct TurnRow {
    pub(crate) id: Uuid,
    pub(crate) relationship_id: Uuid,
    pub(crate) conversation_id: Uuid,
    pub(crate) turn_no: i32,
    pub(crate) kind: String,
    pub(crate) client_message_id: Option<Uuid>,
    pub(crate) message_digest: Option<Vec<u8>>,
    pub(crate) appraisal: Option<String>,
    pub(crate) waifu_version: i32,
    pub(crate) created_at: Moment,
}

impl TurnRow {
    pub(crate) fn conversation(&self) -> ConversationId {
        self.conversation_id.into()
    }

    /// The turn, as one of its runs is spoken of.
    pub(crate) async fn reference(
        &self,
        connection: &mut AsyncPgConnection,
        run: RunNo,
    ) -> Result<TurnRef, Fault> {
        let said = messages::id_of_the_users(connection, self.conversation(), self.turn_no).await?;
        Ok(TurnRef {
            turn_id: self.id.into(),
            turn_no: count("turns.turn_no", self.turn_no)?,
            run,
            message_id: said,
        })
    }
}

pub(crate) async fn insert(connection: &mut AsyncPgConnection, turn: TurnRow) -> Result<(), Fault> {
    diesel::insert_into(turns::table)
        .values(turn)
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn by_id(
    connection: &mut AsyncPgConnection,
    id: TurnId,
) -> Result<Option<TurnRow>, Fault> {
    let row = turns::table
        .find(id.as_uuid())
        .select(TurnRow::as_select())
        .first(connection)
        .await;
    Ok(row.optional()?)
}

pub(crate) async fn by_client_message(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
    message: ClientMessageId,
) -> Result<Option<TurnRow>, Fault> {
    let row = turns::table
        .filter(turns::relationship_id.eq(relationship.as_uuid()))
        .filter(turns::client_message_id.eq(message.as_uuid()))
        .select(TurnRow::as_select())
        .first(connection)
        .await;
    Ok(row.optional()?)
}

/// From now on the words of this run are her answer.
pub(crate) async fn choose(
    connection: &mut AsyncPgConnection,
    turn: TurnId,
    run: RunNo,
) -> Result<(), Fault> {
    diesel::update(turns::table.find(turn.as_uuid()))
        .set(turns::chosen_run.eq(number(run)?))
        .execute(connection)
        .await?;
    Ok(())
}
