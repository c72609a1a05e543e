//! Turns.

use async_trait::async_trait;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use waifu_app::failpoint;
use waifu_app::ports::store::{
    Candidate, LatestTurn, NewReaction, NewRun, NewSaid, StoreError, Turns, VoidedTurns,
};
use waifu_app::ports::turn_store::TurnRef;
use waifu_domain::ids::{ClientMessageId, ConversationId, RelationshipId, TurnId};
use waifu_domain::relationship::Cause;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{MessageText, RunNo, TurnKind};

use super::{conversations, messages, runs};
use crate::columns::{Document, Moment, count, number, scale, word};
use crate::errors::Fault;
use crate::schema::turns;
use crate::unit_of_work::Repository;

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
    pub(crate) cause: Option<Document>,
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

/// The turn whose run streams, if one does.
pub(crate) async fn streaming(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
) -> Result<Option<TurnRef>, Fault> {
    let Some((turn, run)) = runs::streaming(connection, relationship).await? else {
        return Ok(None);
    };
    let turn = by_id(connection, turn)
        .await?
        .ok_or(Fault::Missing("turns"))?;
    turn.reference(connection, run).await.map(Some)
}

/// Starts one that answers a deed.
async fn start(
    connection: &mut AsyncPgConnection,
    reaction: NewReaction,
) -> Result<TurnRef, Fault> {
    let (turn_id, relationship) = (reaction.turn_id, reaction.relationship_id);
    let place = conversations::next_turn(connection, relationship).await?;
    let row = TurnRow {
        id: turn_id.into(),
        relationship_id: relationship.into(),
        conversation_id: place.conversation_id.into(),
        turn_no: number(place.turn_no)?,
        kind: word(reaction.kind),
        client_message_id: None,
        message_digest: None,
        appraisal: None,
        waifu_version: number(reaction.waifu_version)?,
        cause: Some(Document::of(&reaction.cause)),
        created_at: Moment(reaction.at),
    };
    insert(connection, row).await?;
    let run = NewRun {
        turn_id,
        relationship_id: relationship,
        process: reaction.process,
        lease: reaction.lease,
        at: reaction.at,
    };
    runs::start(connection, runs::FIRST, run).await?;
    Ok(TurnRef {
        turn_id,
        turn_no: place.turn_no,
        run: runs::FIRST,
        message_id: None,
    })
}

/// Stores a message as the next one, and starts its first run.
pub(crate) async fn say(
    connection: &mut AsyncPgConnection,
    said: &NewSaid,
) -> Result<TurnRef, Fault> {
    let (turn_id, relationship) = (said.turn_id, said.relationship_id);
    let place = conversations::next_turn(connection, relationship).await?;
    failpoint::pass("accept.slow.wrote");
    let row = TurnRow {
        id: turn_id.into(),
        relationship_id: relationship.into(),
        conversation_id: place.conversation_id.into(),
        turn_no: number(place.turn_no)?,
        kind: word(TurnKind::Chat),
        client_message_id: Some(said.client_message_id.into()),
        message_digest: Some(digest(&said.text).to_vec()),
        appraisal: said.appraisal.map(word),
        waifu_version: number(said.waifu_version)?,
        cause: None,
        created_at: Moment(said.at),
    };
    insert(connection, row).await?;
    failpoint::pass("accept.slow.wrote");
    let run = NewRun {
        turn_id,
        relationship_id: relationship,
        process: said.process,
        lease: said.lease,
        at: said.at,
    };
    runs::start(connection, runs::FIRST, run).await?;
    failpoint::pass("accept.slow.wrote");
    let message = messages::Said {
        id: said.message_id,
        conversation_id: place.conversation_id,
        turn_id,
        turn_no: place.turn_no,
        run: None,
        text: said.text.as_str(),
        emotion: None,
        at: said.at,
    };
    messages::insert(connection, message).await?;
    failpoint::pass("accept.slow.wrote");
    Ok(TurnRef {
        turn_id,
        turn_no: place.turn_no,
        run: runs::FIRST,
        message_id: Some(said.message_id),
    })
}

/// By which a message that is sent again is known.
pub(crate) fn digest(text: &MessageText) -> [u8; 32] {
    Sha256::digest(text.as_str()).into()
}

async fn start_again(connection: &mut AsyncPgConnection, again: NewRun) -> Result<TurnRef, Fault> {
    let turn = by_id(connection, again.turn_id)
        .await?
        .ok_or(Fault::Missing("turns"))?;
    let newest = runs::newest(connection, again.turn_id).await?;
    let run = newest.no + 1;
    runs::start(connection, run, again).await?;
    turn.reference(connection, run).await
}

/// The last one of the default conversation that stands.
async fn latest(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
) -> Result<Option<LatestTurn>, Fault> {
    let Some(conversation) = conversations::default_of(connection, relationship).await? else {
        return Ok(None);
    };
    let turn = turns::table
        .filter(turns::conversation_id.eq(conversation.as_uuid()))
        .filter(turns::voided_at.is_null())
        .order_by(turns::turn_no.desc())
        .select(TurnRow::as_select())
        .first(connection)
        .await
        .optional()?;
    let Some(turn) = turn else {
        return Ok(None);
    };
    let run = runs::newest(connection, turn.id.into()).await?;
    Ok(Some(LatestTurn {
        turn: turn.reference(connection, run.no).await?,
        kind: scale("turns.kind", &turn.kind)?,
        cause: read_cause(turn.cause)?,
        status: run.status,
    }))
}

async fn cause(connection: &mut AsyncPgConnection, id: TurnId) -> Result<Option<Cause>, Fault> {
    let cause: Option<Option<Document>> = turns::table
        .find(id.as_uuid())
        .select(turns::cause)
        .first(connection)
        .await
        .optional()?;
    read_cause(cause.flatten())
}

fn read_cause(cause: Option<Document>) -> Result<Option<Cause>, Fault> {
    cause.map(|cause| cause.read("turns.cause")).transpose()
}

async fn number_of(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
    id: TurnId,
) -> Result<Option<u32>, Fault> {
    let no: Option<i32> = turns::table
        .find(id.as_uuid())
        .filter(turns::relationship_id.eq(relationship.as_uuid()))
        .select(turns::turn_no)
        .first(connection)
        .await
        .optional()?;
    no.map(|no| count("turns.turn_no", no)).transpose()
}

async fn void_chats(
    connection: &mut AsyncPgConnection,
    relationship: RelationshipId,
    from_turn_no: u32,
    at: Timestamp,
) -> Result<VoidedTurns, Fault> {
    let Some(conversation) = conversations::default_of(connection, relationship).await? else {
        return Ok(VoidedTurns::default());
    };
    let standing = turns::table
        .filter(turns::conversation_id.eq(conversation.as_uuid()))
        .filter(turns::turn_no.ge(i32::try_from(from_turn_no).unwrap_or(i32::MAX)))
        .filter(turns::kind.eq(word(TurnKind::Chat)))
        .filter(turns::voided_at.is_null());
    let mut voided: Vec<(i32, Uuid)> = diesel::update(standing)
        .set(turns::voided_at.eq(Moment(at)))
        .returning((turns::turn_no, turns::id))
        .get_results(connection)
        .await?;
    voided.sort_unstable_by_key(|(no, _)| *no);
    let last = voided.last().map_or(0, |(no, _)| *no);
    Ok(VoidedTurns {
        turns: voided.into_iter().map(|(_, id)| id.into()).collect(),
        last_turn_no: count("turns.turn_no", last)?,
    })
}

#[async_trait]
impl Turns for Repository<'_> {
    async fn streaming(
        &mut self,
        relationship: RelationshipId,
    ) -> Result<Option<TurnRef>, StoreError> {
        Ok(streaming(self.0, relationship).await?)
    }

    async fn start(&mut self, reaction: NewReaction) -> Result<TurnRef, StoreError> {
        Ok(start(self.0, reaction).await?)
    }

    async fn start_again(&mut self, again: NewRun) -> Result<TurnRef, StoreError> {
        Ok(start_again(self.0, again).await?)
    }

    async fn say(&mut self, said: NewSaid) -> Result<TurnRef, StoreError> {
        Ok(say(self.0, &said).await?)
    }

    async fn latest(
        &mut self,
        relationship: RelationshipId,
    ) -> Result<Option<LatestTurn>, StoreError> {
        Ok(latest(self.0, relationship).await?)
    }

    async fn cause(&mut self, turn: TurnId) -> Result<Option<Cause>, StoreError> {
        Ok(cause(self.0, turn).await?)
    }

    async fn candidates(&mut self, turns: &[TurnId]) -> Result<Vec<Candidate>, StoreError> {
        Ok(messages::candidates(self.0, turns).await?)
    }

    async fn choose(&mut self, turn: TurnId, run: RunNo) -> Result<(), StoreError> {
        Ok(choose(self.0, turn, run).await?)
    }

    async fn number(
        &mut self,
        relationship: RelationshipId,
        turn: TurnId,
    ) -> Result<Option<u32>, StoreError> {
        Ok(number_of(self.0, relationship, turn).await?)
    }

    async fn void_chats(
        &mut self,
        relationship: RelationshipId,
        from_turn_no: u32,
        at: Timestamp,
    ) -> Result<VoidedTurns, StoreError> {
        Ok(void_chats(self.0, relationship, from_turn_no, at).await?)
    }
}
