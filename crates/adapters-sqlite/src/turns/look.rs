//! All that says whether a message may be accepted, in one statement.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable};
use waifu_app::ports::turn_store::NewTurn;

use crate::errors::Fault;
use crate::rows::relationships::RelationshipRow;
use crate::rows::turns::TurnRow;
use crate::rows::users::UserRow;
use crate::rows::waifus::WaifuHead;
use crate::sql::{ColumnsOf, Sql, binds};
use crate::types::{DbUuid, db};

/// The columns are those of the rows below, in their order.
const LOOK: &str = "
    select
        waifus.key, waifus.seeded_version, waifus.owner_id, waifus.visibility, waifus.version,
        waifus.created_at, waifus.updated_at, waifus.deleted_at,
        users.id, users.username, users.display_name, users.password_hash, users.role,
        users.age_group, users.created_at, users.time_zone, users.birthday, users.suspended_at,
        users.pronouns, users.locale, users.persona,
        relationships.id, relationships.user_id, relationships.waifu_id, relationships.affection,
        relationships.level, relationships.facts, relationships.last_interaction,
        relationships.epoch, relationships.head_seq, relationships.last_entry_no,
        relationships.version, relationships.created_at, relationships.counts, relationships.deeds,
        conversations.id, conversations.last_turn_no,
        known.id, known.relationship_id, known.conversation_id, known.turn_no, known.kind,
        known.message_digest, known.appraisal, known.waifu_version,
        runs.turn_id
    from waifus
    left join users on users.id = ?1
    left join relationships
        on relationships.user_id = ?1 and relationships.waifu_id = waifus.id
    left join conversations
        on conversations.relationship_id = relationships.id and conversations.is_default = 1
    left join turns as known
        on known.relationship_id = relationships.id and known.client_message_id = ?3
    left join runs on runs.relationship_id = relationships.id and runs.ended_at is null
    where waifus.id = ?2";

struct Tag;

type Columns = (
    ColumnsOf<WaifuHead>,
    Nullable<ColumnsOf<UserRow>>,
    Nullable<ColumnsOf<RelationshipRow>>,
    Nullable<(Binary, BigInt)>,
    Nullable<ColumnsOf<TurnRow>>,
    Nullable<Binary>,
);

#[derive(Debug, Queryable)]
pub(super) struct Look {
    pub(super) waifu: WaifuHead,
    pub(super) user: Option<UserRow>,
    pub(super) relationship: Option<RelationshipRow>,
    /// The default one, and the number of its last turn.
    pub(super) conversation: Option<(DbUuid, i64)>,
    /// The turn that this message was accepted as before.
    pub(super) known: Option<TurnRow>,
    /// The turn that is being answered.
    pub(super) streaming: Option<DbUuid>,
}

/// `None`: there is no such companion.
pub(super) fn look(c: &mut SqliteConnection, turn: &NewTurn) -> Result<Option<Look>, Fault> {
    let binds = binds!(
        db(turn.pair.user_id) => Binary,
        db(turn.pair.waifu_id) => Binary,
        db(turn.client_message_id) => Binary,
    );
    let look = Sql::<Tag, _, Columns>::new(LOOK, binds)
        .get_result(c)
        .optional()?;
    Ok(look)
}
