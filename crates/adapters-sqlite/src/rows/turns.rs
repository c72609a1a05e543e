//! Turns.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use sha2::{Digest, Sha256};
use waifu_app::ports::store::{NewReaction, NewSaid, VoidedTurns};
use waifu_app::ports::turn_store::TurnRef;
use waifu_domain::affection::Appraisal;
use waifu_domain::ids::{ClientMessageId, ConversationId, RelationshipId, TurnId};
use waifu_domain::relationship::Cause;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{MessageText, RunNo, TurnKind};

use super::conversations::{self, TurnPlace};
use super::messages;
use crate::errors::{Corrupt, Fault};
use crate::schema::turns;
use crate::sql::{Sql, binds};
use crate::types::{DbUuid, checked, db, from_json, name_of, named, to_json};

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = turns)]
pub(crate) struct TurnRow {
    id: DbUuid,
    relationship_id: DbUuid,
    conversation_id: DbUuid,
    turn_no: i64,
    kind: String,
    message_digest: Option<Vec<u8>>,
    appraisal: Option<String>,
    waifu_version: i64,
}

impl TurnRow {
    pub(crate) fn id(&self) -> TurnId {
        self.id.id()
    }

    pub(crate) fn relationship_id(&self) -> RelationshipId {
        self.relationship_id.id()
    }

    pub(crate) fn conversation_id(&self) -> ConversationId {
        self.conversation_id.id()
    }

    pub(crate) fn no(&self) -> Result<u32, Corrupt> {
        checked("turns.turn_no", self.turn_no)
    }

    pub(crate) fn kind(&self) -> Result<TurnKind, Corrupt> {
        named("turns.kind", &self.kind)
    }

    pub(crate) fn appraisal(&self) -> Result<Option<Appraisal>, Corrupt> {
        let name = self.appraisal.as_deref();
        name.map(|name| named("turns.appraisal", name)).transpose()
    }

    pub(crate) fn waifu_version(&self) -> Result<u32, Corrupt> {
        checked("turns.waifu_version", self.waifu_version)
    }

    pub(crate) fn said(&self, text: &MessageText) -> bool {
        self.message_digest.as_deref() == Some(&digest(text))
    }

    pub(crate) fn reference(&self, c: &mut SqliteConnection, run: RunNo) -> Result<TurnRef, Fault> {
        Ok(TurnRef {
            turn_id: self.id(),
            turn_no: self.no()?,
            run,
            message_id: messages::users_own(c, self.conversation_id(), self.no()?)?,
        })
    }
}

fn digest(text: &MessageText) -> [u8; 32] {
    Sha256::digest(text.as_str()).into()
}

/// One that answers a message.
pub(crate) fn insert_chat(
    c: &mut SqliteConnection,
    turn: &NewSaid,
    place: TurnPlace,
) -> Result<(), Fault> {
    diesel::insert_into(turns::table)
        .values((
            turns::id.eq(db(turn.turn_id)),
            turns::relationship_id.eq(db(place.relationship_id)),
            turns::conversation_id.eq(db(place.conversation_id)),
            turns::turn_no.eq(i64::from(place.turn_no)),
            turns::kind.eq(name_of(TurnKind::Chat)),
            turns::client_message_id.eq(db(turn.client_message_id)),
            turns::message_digest.eq(digest(&turn.text).to_vec()),
            turns::appraisal.eq(turn.appraisal.map(name_of)),
            turns::waifu_version.eq(i64::from(turn.waifu_version)),
            turns::created_at.eq(turn.at.unix_micros()),
        ))
        .execute(c)?;
    Ok(())
}

/// One that answers a deed.
pub(crate) fn insert_reaction(
    c: &mut SqliteConnection,
    turn: &NewReaction,
    place: TurnPlace,
) -> Result<(), Fault> {
    diesel::insert_into(turns::table)
        .values((
            turns::id.eq(db(turn.turn_id)),
            turns::relationship_id.eq(db(place.relationship_id)),
            turns::conversation_id.eq(db(place.conversation_id)),
            turns::turn_no.eq(i64::from(place.turn_no)),
            turns::kind.eq(name_of(turn.kind)),
            turns::waifu_version.eq(i64::from(turn.waifu_version)),
            turns::cause.eq(to_json(&turn.cause)),
            turns::created_at.eq(turn.at.unix_micros()),
        ))
        .execute(c)?;
    Ok(())
}

pub(crate) fn by_id(c: &mut SqliteConnection, id: TurnId) -> Result<Option<TurnRow>, Fault> {
    let row = turns::table
        .find(db(id))
        .select(TurnRow::as_select())
        .first(c)
        .optional()?;
    Ok(row)
}

pub(crate) fn by_client_message(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
    client_message: ClientMessageId,
) -> Result<Option<TurnRow>, Fault> {
    let row = turns::table
        .filter(turns::relationship_id.eq(db(relationship)))
        .filter(turns::client_message_id.eq(db(client_message)))
        .select(TurnRow::as_select())
        .first(c)
        .optional()?;
    Ok(row)
}

const CHOOSE: &str = "update turns set chosen_run = ?2 where id = ?1";

struct Choose;

/// The history shows the reply of this run from now on.
pub(crate) fn choose_run(c: &mut SqliteConnection, id: TurnId, run: RunNo) -> Result<(), Fault> {
    let binds = binds!(db(id) => Binary, i64::from(run) => BigInt);
    Sql::<Choose, _>::new(CHOOSE, binds).execute(c)?;
    Ok(())
}

/// The last one of the default conversation that was not taken back.
pub(crate) fn last_standing(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
) -> Result<Option<TurnRow>, Fault> {
    let Some(conversation) = conversations::default_of(c, relationship)? else {
        return Ok(None);
    };
    let row = turns::table
        .filter(turns::conversation_id.eq(db(conversation)))
        .filter(turns::voided_at.is_null())
        .order(turns::turn_no.desc())
        .select(TurnRow::as_select())
        .first(c)
        .optional()?;
    Ok(row)
}

/// What a turn answers, when that is not a message.
pub(crate) fn cause(c: &mut SqliteConnection, id: TurnId) -> Result<Option<Cause>, Fault> {
    let cause: Option<Option<String>> = turns::table
        .find(db(id))
        .select(turns::cause)
        .first(c)
        .optional()?;
    let cause = cause.flatten();
    let cause = cause.map(|json| from_json("turns.cause", &json));
    Ok(cause.transpose()?)
}

pub(crate) fn number(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
    id: TurnId,
) -> Result<Option<u32>, Fault> {
    let no: Option<i64> = turns::table
        .find(db(id))
        .filter(turns::relationship_id.eq(db(relationship)))
        .select(turns::turn_no)
        .first(c)
        .optional()?;
    Ok(no.map(|no| checked("turns.turn_no", no)).transpose()?)
}

pub(crate) fn void_chats(
    c: &mut SqliteConnection,
    relationship: RelationshipId,
    from_turn_no: u32,
    at: Timestamp,
) -> Result<VoidedTurns, Fault> {
    let Some(conversation) = conversations::default_of(c, relationship)? else {
        return Ok(VoidedTurns::default());
    };
    let standing = turns::table
        .filter(turns::conversation_id.eq(db(conversation)))
        .filter(turns::turn_no.ge(i64::from(from_turn_no)))
        .filter(turns::kind.eq(name_of(TurnKind::Chat)))
        .filter(turns::voided_at.is_null());
    let mut voided: Vec<(i64, DbUuid)> = diesel::update(standing)
        .set(turns::voided_at.eq(at.unix_micros()))
        .returning((turns::turn_no, turns::id))
        .load(c)?;
    voided.sort_unstable_by_key(|(no, _)| *no);
    Ok(VoidedTurns {
        last_turn_no: match voided.last() {
            Some((no, _)) => checked("turns.turn_no", *no)?,
            None => 0,
        },
        turns: voided.into_iter().map(|(_, id)| id.id()).collect(),
    })
}
