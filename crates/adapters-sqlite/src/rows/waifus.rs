//! Companions, as they are now.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};
use diesel::sqlite::Sqlite;
use waifu_app::ports::store::{Edited, Editor, Taken, WaifuEdit, WaifuPlace};
use waifu_domain::ids::{UserId, WaifuId};
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::waifu::{Owner, Visibility, Waifu, WaifuProfile};

use super::waifu_versions;
use crate::errors::{Corrupt, Fault};
use crate::schema::{relationships, waifus};
use crate::types::{DbUuid, checked, db, from_json, micros, moment, name_of, named, to_json};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = waifus, treat_none_as_default_value = false)]
struct WaifuRow {
    id: DbUuid,
    key: Option<String>,
    seeded_version: Option<i64>,
    owner_id: Option<DbUuid>,
    visibility: String,
    name: String,
    personality: String,
    appearance: String,
    stats: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
    deleted_at: Option<i64>,
}

impl WaifuRow {
    fn new(waifu: &Waifu) -> Self {
        let profile = &waifu.profile;
        Self {
            id: db(waifu.id),
            key: waifu.key.as_ref().map(|key| key.as_str().to_owned()),
            seeded_version: waifu.seeded_version.map(Into::into),
            owner_id: waifu.owner.user().map(db),
            visibility: name_of(waifu.visibility),
            name: profile.name.as_str().to_owned(),
            personality: to_json(&profile.personality),
            appearance: to_json(&profile.appearance),
            stats: to_json(&profile.stats),
            version: waifu.version.into(),
            created_at: waifu.created_at.unix_micros(),
            updated_at: waifu.updated_at.unix_micros(),
            deleted_at: micros(waifu.deleted_at),
        }
    }

    fn into_waifu(self) -> Result<Waifu, Corrupt> {
        Ok(Waifu {
            id: self.id.id(),
            key: self.key.map(|key| checked("waifus.key", key)).transpose()?,
            seeded_version: self
                .seeded_version
                .map(|version| checked("waifus.seeded_version", version))
                .transpose()?,
            owner: Owner::from(self.owner_id.map(DbUuid::id::<UserId>)),
            visibility: named("waifus.visibility", &self.visibility)?,
            profile: WaifuProfile {
                name: checked("waifus.name", self.name)?,
                personality: from_json("waifus.personality", &self.personality)?,
                appearance: from_json("waifus.appearance", &self.appearance)?,
                stats: from_json("waifus.stats", &self.stats)?,
            },
            version: checked("waifus.version", self.version)?,
            created_at: Timestamp::from_unix_micros(self.created_at),
            updated_at: Timestamp::from_unix_micros(self.updated_at),
            deleted_at: moment(self.deleted_at),
        })
    }
}

/// What is not of a version.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[cfg_attr(test, derive(Default))]
#[diesel(table_name = waifus)]
pub(crate) struct WaifuHead {
    key: Option<String>,
    seeded_version: Option<i64>,
    owner_id: Option<DbUuid>,
    visibility: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
    deleted_at: Option<i64>,
}

impl WaifuHead {
    /// The version that she is in now.
    pub(crate) fn version(&self) -> Result<u32, Corrupt> {
        checked("waifus.version", self.version)
    }

    /// As she was in a version, apart from what is not of one.
    pub(crate) fn into_waifu(
        self,
        id: WaifuId,
        version: u32,
        profile: WaifuProfile,
    ) -> Result<Waifu, Corrupt> {
        Ok(Waifu {
            id,
            key: self.key.map(|key| checked("waifus.key", key)).transpose()?,
            seeded_version: self
                .seeded_version
                .map(|version| checked("waifus.seeded_version", version))
                .transpose()?,
            owner: Owner::from(self.owner_id.map(DbUuid::id::<UserId>)),
            visibility: named("waifus.visibility", &self.visibility)?,
            profile,
            version,
            created_at: Timestamp::from_unix_micros(self.created_at),
            updated_at: Timestamp::from_unix_micros(self.updated_at),
            deleted_at: moment(self.deleted_at),
        })
    }
}

pub(crate) fn head(c: &mut SqliteConnection, id: WaifuId) -> Result<Option<WaifuHead>, Fault> {
    let head = waifus::table
        .find(db(id))
        .select(WaifuHead::as_select())
        .first(c)
        .optional()?;
    Ok(head)
}

pub(crate) fn insert(c: &mut SqliteConnection, waifu: &Waifu) -> Result<Result<(), Taken>, Fault> {
    let inserted = diesel::insert_into(waifus::table)
        .values(WaifuRow::new(waifu))
        .on_conflict(waifus::key)
        .do_nothing()
        .execute(c)?;
    if inserted == 0 {
        return Ok(Err(Taken));
    }
    waifu_versions::insert(c, waifu.id, waifu.version, &waifu.profile, waifu.created_at)?;
    Ok(Ok(()))
}

pub(crate) fn by_id(c: &mut SqliteConnection, id: WaifuId) -> Result<Option<Waifu>, Fault> {
    let row = waifus::table
        .find(db(id))
        .select(WaifuRow::as_select())
        .first(c)
        .optional()?;
    Ok(row.map(WaifuRow::into_waifu).transpose()?)
}

pub(crate) fn deleted(c: &mut SqliteConnection, ids: &[WaifuId]) -> Result<Vec<WaifuId>, Fault> {
    let ids = ids.iter().map(|id| db(*id));
    let deleted: Vec<DbUuid> = waifus::table
        .filter(waifus::id.eq_any(ids))
        .filter(waifus::deleted_at.is_not_null())
        .select(waifus::id)
        .load(c)?;
    Ok(deleted.into_iter().map(DbUuid::id).collect())
}

pub(crate) fn by_key(c: &mut SqliteConnection, key: &Slug) -> Result<Option<Waifu>, Fault> {
    let row = waifus::table
        .filter(waifus::key.eq(key.as_str()))
        .select(WaifuRow::as_select())
        .first(c)
        .optional()?;
    Ok(row.map(WaifuRow::into_waifu).transpose()?)
}

pub(crate) fn visible_to(
    c: &mut SqliteConnection,
    viewer: UserId,
    after: Option<WaifuPlace>,
    limit: u32,
) -> Result<Vec<Waifu>, Fault> {
    let met = relationships::table
        .filter(relationships::user_id.eq(db(viewer)))
        .filter(relationships::waifu_id.eq(waifus::id));
    let is_visible = waifus::visibility
        .eq(name_of(Visibility::Public))
        .or(waifus::owner_id.eq(db(viewer)))
        .or(exists(met));
    page(c, Box::new(is_visible), after, limit)
}

pub(crate) fn of_house(
    c: &mut SqliteConnection,
    after: Option<WaifuPlace>,
    limit: u32,
) -> Result<Vec<Waifu>, Fault> {
    page(
        c,
        Box::new(waifus::owner_id.is_null().nullable()),
        after,
        limit,
    )
}

type Condition = Box<dyn BoxableExpression<waifus::table, Sqlite, SqlType = Nullable<Bool>>>;

/// Those of whom it is true, and who are not deleted, oldest first.
fn page(
    c: &mut SqliteConnection,
    is_meant: Condition,
    after: Option<WaifuPlace>,
    limit: u32,
) -> Result<Vec<Waifu>, Fault> {
    let mut page = waifus::table
        .filter(waifus::deleted_at.is_null())
        .filter(is_meant)
        .order((waifus::created_at, waifus::id))
        .limit(limit.into())
        .select(WaifuRow::as_select())
        .into_boxed();
    if let Some(WaifuPlace { created_at, id }) = after {
        let created_at = created_at.unix_micros();
        let is_later = waifus::created_at.gt(created_at);
        let is_beside = waifus::created_at.eq(created_at).and(waifus::id.gt(db(id)));
        page = page.filter(is_later.or(is_beside));
    }
    let rows = page.load(c)?;
    let page: Result<Vec<_>, _> = rows.into_iter().map(WaifuRow::into_waifu).collect();
    Ok(page?)
}

pub(crate) fn edit(c: &mut SqliteConnection, edit: &WaifuEdit) -> Result<Edited, Fault> {
    let profile = &edit.profile;
    let version = edit.expected_version + 1;
    // `None` leaves the column as it is.
    let seeded_version = match edit.editor {
        Editor::Person => None,
        Editor::Seed => Some(waifus::seeded_version.eq(i64::from(version))),
    };
    let edited = diesel::update(waifus::table.find(db(edit.id)))
        .filter(waifus::version.eq(i64::from(edit.expected_version)))
        .filter(waifus::deleted_at.is_null())
        .set((
            waifus::visibility.eq(name_of(edit.visibility)),
            waifus::name.eq(profile.name.as_str()),
            waifus::personality.eq(to_json(&profile.personality)),
            waifus::appearance.eq(to_json(&profile.appearance)),
            waifus::stats.eq(to_json(&profile.stats)),
            waifus::version.eq(i64::from(version)),
            waifus::updated_at.eq(edit.at.unix_micros()),
            seeded_version,
        ))
        .execute(c)?;
    if edited == 0 {
        return Ok(Edited::Stale);
    }
    waifu_versions::insert(c, edit.id, version, profile, edit.at)?;
    Ok(Edited::Done)
}

pub(crate) fn delete(c: &mut SqliteConnection, id: WaifuId, at: Timestamp) -> Result<(), Fault> {
    diesel::update(waifus::table.find(db(id)))
        .filter(waifus::deleted_at.is_null())
        .set(waifus::deleted_at.eq(at.unix_micros()))
        .execute(c)?;
    Ok(())
}

pub(crate) fn is_empty(c: &mut SqliteConnection) -> Result<bool, Fault> {
    Ok(diesel::select(not(exists(waifus::table.select(waifus::id)))).get_result(c)?)
}

/// Deleted ones too.
pub(crate) fn owned_by(
    c: &mut SqliteConnection,
    owner: UserId,
    after: Option<WaifuId>,
    limit: u32,
) -> Result<Vec<Waifu>, Fault> {
    let mut page = waifus::table
        .filter(waifus::owner_id.eq(db(owner)))
        .order(waifus::id)
        .limit(limit.into())
        .select(WaifuRow::as_select())
        .into_boxed();
    if let Some(after) = after {
        page = page.filter(waifus::id.gt(db(after)));
    }
    let rows = page.load(c)?.into_iter();
    Ok(rows.map(WaifuRow::into_waifu).collect::<Result<_, _>>()?)
}
