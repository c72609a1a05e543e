//! Companions, and each version of them.

use async_trait::async_trait;
use diesel::dsl::{exists, not};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use waifu_app::ports::store::{
    Edited, Editor, StoreError, Taken, WaifuEdit, WaifuPlace, WaifuVersion, Waifus,
};
use waifu_domain::ids::{UserId, WaifuId};
use waifu_domain::relationship::Pair;
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::waifu::{Owner, Visibility, Waifu, WaifuProfile};

use crate::columns::{Document, Moment, count, number, scale, valid, word};
use crate::errors::Fault;
use crate::schema::{relationships, waifu_versions, waifus};
use crate::unit_of_work::Repository;

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = waifus, check_for_backend(Pg))]
pub(crate) struct WaifuRow {
    id: Uuid,
    key: Option<String>,
    seeded_version: Option<i32>,
    owner_id: Option<Uuid>,
    visibility: String,
    name: String,
    personality: Document,
    appearance: Document,
    stats: Document,
    version: i32,
    created_at: Moment,
    updated_at: Moment,
    deleted_at: Option<Moment>,
}

/// What one version of her keeps.
#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = waifu_versions, check_for_backend(Pg))]
pub(crate) struct VersionRow {
    waifu_id: Uuid,
    version: i32,
    name: String,
    personality: Document,
    appearance: Document,
    stats: Document,
    created_at: Moment,
}

impl WaifuRow {
    fn of(waifu: &Waifu) -> Result<Self, Fault> {
        let profile = &waifu.profile;
        Ok(Self {
            id: waifu.id.into(),
            key: waifu.key.clone().map(String::from),
            seeded_version: waifu.seeded_version.map(number).transpose()?,
            owner_id: waifu.owner.user().map(Uuid::from),
            visibility: word(waifu.visibility),
            name: profile.name.as_str().to_owned(),
            personality: Document::of(&profile.personality),
            appearance: Document::of(&profile.appearance),
            stats: Document::of(&profile.stats),
            version: number(waifu.version)?,
            created_at: Moment(waifu.created_at),
            updated_at: Moment(waifu.updated_at),
            deleted_at: waifu.deleted_at.map(Moment),
        })
    }

    pub(crate) fn read(self) -> Result<Waifu, Fault> {
        let profile = WaifuProfile {
            name: valid("waifus.name", self.name.try_into())?,
            personality: self.personality.read("waifus.personality")?,
            appearance: self.appearance.read("waifus.appearance")?,
            stats: self.stats.read("waifus.stats")?,
        };
        let key = self.key.map(|key| valid("waifus.key", Slug::try_from(key)));
        Ok(Waifu {
            id: self.id.into(),
            key: key.transpose()?,
            seeded_version: self
                .seeded_version
                .map(|version| count("waifus.seeded_version", version))
                .transpose()?,
            owner: Owner::from(self.owner_id.map(UserId::from)),
            visibility: scale("waifus.visibility", &self.visibility)?,
            profile,
            version: count("waifus.version", self.version)?,
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            deleted_at: self.deleted_at.map(|at| at.0),
        })
    }

    /// She as she was in an earlier version.
    pub(crate) fn read_as(self, version: VersionRow) -> Result<Waifu, Fault> {
        Self {
            name: version.name,
            personality: version.personality,
            appearance: version.appearance,
            stats: version.stats,
            version: version.version,
            ..self
        }
        .read()
    }
}

impl VersionRow {
    fn of(id: WaifuId, version: u32, profile: &WaifuProfile, at: Timestamp) -> Result<Self, Fault> {
        Ok(Self {
            waifu_id: id.into(),
            version: number(version)?,
            name: profile.name.as_str().to_owned(),
            personality: Document::of(&profile.personality),
            appearance: Document::of(&profile.appearance),
            stats: Document::of(&profile.stats),
            created_at: Moment(at),
        })
    }

    fn read(self) -> Result<WaifuVersion, Fault> {
        Ok(WaifuVersion {
            version: count("waifu_versions.version", self.version)?,
            profile: WaifuProfile {
                name: valid("waifu_versions.name", self.name.try_into())?,
                personality: self.personality.read("waifu_versions.personality")?,
                appearance: self.appearance.read("waifu_versions.appearance")?,
                stats: self.stats.read("waifu_versions.stats")?,
            },
            created_at: self.created_at.0,
        })
    }

    async fn insert(self, connection: &mut AsyncPgConnection) -> Result<(), Fault> {
        diesel::insert_into(waifu_versions::table)
            .values(self)
            .execute(connection)
            .await?;
        Ok(())
    }
}

async fn insert(
    connection: &mut AsyncPgConnection,
    waifu: &Waifu,
) -> Result<Result<(), Taken>, Fault> {
    let inserted = diesel::insert_into(waifus::table)
        .values(WaifuRow::of(waifu)?)
        .on_conflict(waifus::key)
        .do_nothing()
        .execute(connection)
        .await?;
    if inserted == 0 {
        return Ok(Err(Taken));
    }
    VersionRow::of(waifu.id, waifu.version, &waifu.profile, waifu.created_at)?
        .insert(connection)
        .await?;
    Ok(Ok(()))
}

/// As much of her as decides who may talk to her.
pub(crate) struct Glance {
    /// To this user, even without a history with her.
    pub(crate) is_visible: bool,
    pub(crate) is_deleted: bool,
    pub(crate) version: i32,
}

pub(crate) async fn glance(
    connection: &mut AsyncPgConnection,
    Pair { user_id, waifu_id }: Pair,
) -> Result<Option<Glance>, Fault> {
    let found: Option<(String, Option<Uuid>, Option<Moment>, i32)> = waifus::table
        .find(waifu_id.as_uuid())
        .select((
            waifus::visibility,
            waifus::owner_id,
            waifus::deleted_at,
            waifus::version,
        ))
        .first(connection)
        .await
        .optional()?;
    Ok(
        found.map(|(visibility, owner, deleted_at, version)| Glance {
            is_visible: visibility == word(Visibility::Public) || owner == Some(user_id.into()),
            is_deleted: deleted_at.is_some(),
            version,
        }),
    )
}

async fn by_id(connection: &mut AsyncPgConnection, id: WaifuId) -> Result<Option<Waifu>, Fault> {
    let row = waifus::table
        .find(id.as_uuid())
        .select(WaifuRow::as_select())
        .first(connection)
        .await
        .optional()?;
    row.map(WaifuRow::read).transpose()
}

async fn deleted(
    connection: &mut AsyncPgConnection,
    ids: &[WaifuId],
) -> Result<Vec<WaifuId>, Fault> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let deleted: Vec<Uuid> = waifus::table
        .filter(waifus::id.eq_any(ids))
        .filter(waifus::deleted_at.is_not_null())
        .select(waifus::id)
        .load(connection)
        .await?;
    Ok(deleted.into_iter().map(Into::into).collect())
}

async fn by_key(connection: &mut AsyncPgConnection, key: &Slug) -> Result<Option<Waifu>, Fault> {
    let row = waifus::table
        .filter(waifus::key.eq(key.as_str()))
        .select(WaifuRow::as_select())
        .first(connection)
        .await
        .optional()?;
    row.map(WaifuRow::read).transpose()
}

async fn visible_to(
    connection: &mut AsyncPgConnection,
    viewer: UserId,
    after: Option<WaifuPlace>,
    limit: u32,
) -> Result<Vec<Waifu>, Fault> {
    let viewer = viewer.as_uuid();
    let knows_her = relationships::table
        .filter(relationships::user_id.eq(viewer))
        .filter(relationships::waifu_id.eq(waifus::id));
    let (at, id) = beginning(after);
    let rows = waifus::table
        // The first half is what the index understands.
        .filter(waifus::created_at.ge(Moment(at)))
        .filter(waifus::created_at.gt(Moment(at)).or(waifus::id.gt(id)))
        .filter(waifus::deleted_at.is_null())
        .filter(
            waifus::visibility
                .eq(word(Visibility::Public))
                .or(waifus::owner_id.eq(viewer))
                .or(exists(knows_her)),
        )
        .order_by((waifus::created_at, waifus::id))
        .limit(limit.into())
        .select(WaifuRow::as_select())
        .load(connection)
        .await?;
    rows.into_iter().map(WaifuRow::read).collect()
}

async fn of_house(
    connection: &mut AsyncPgConnection,
    after: Option<WaifuPlace>,
    limit: u32,
) -> Result<Vec<Waifu>, Fault> {
    let (at, id) = beginning(after);
    let rows = waifus::table
        .filter(waifus::created_at.ge(Moment(at)))
        .filter(waifus::created_at.gt(Moment(at)).or(waifus::id.gt(id)))
        .filter(waifus::deleted_at.is_null())
        .filter(waifus::owner_id.is_null())
        .order_by((waifus::created_at, waifus::id))
        .limit(limit.into())
        .select(WaifuRow::as_select())
        .load(connection)
        .await?;
    rows.into_iter().map(WaifuRow::read).collect()
}

/// Where a page begins; nobody is older than the first of times.
fn beginning(after: Option<WaifuPlace>) -> (Timestamp, Uuid) {
    after.map_or_else(
        || (Timestamp::from_unix_micros(i64::MIN), Uuid::nil()),
        |place| (place.created_at, place.id.into()),
    )
}

async fn edit(connection: &mut AsyncPgConnection, edit: &WaifuEdit) -> Result<Edited, Fault> {
    let version = edit.expected_version + 1;
    let row = VersionRow::of(edit.id, version, &edit.profile, edit.at)?;
    // `None` leaves the column as it is.
    let seeded_version = match edit.editor {
        Editor::Person => None,
        Editor::Seed => Some(waifus::seeded_version.eq(row.version)),
    };
    let current = waifus::table
        .find(edit.id.as_uuid())
        .filter(waifus::version.eq(number(edit.expected_version)?))
        .filter(waifus::deleted_at.is_null());
    let edited = diesel::update(current)
        .set((
            waifus::visibility.eq(word(edit.visibility)),
            waifus::name.eq(&row.name),
            waifus::personality.eq(&row.personality),
            waifus::appearance.eq(&row.appearance),
            waifus::stats.eq(&row.stats),
            waifus::version.eq(row.version),
            waifus::updated_at.eq(row.created_at),
            seeded_version,
        ))
        .execute(connection)
        .await?;
    if edited == 0 {
        return Ok(Edited::Stale);
    }
    row.insert(connection).await?;
    Ok(Edited::Done)
}

async fn delete(
    connection: &mut AsyncPgConnection,
    id: WaifuId,
    at: Timestamp,
) -> Result<(), Fault> {
    let living = waifus::table
        .find(id.as_uuid())
        .filter(waifus::deleted_at.is_null());
    diesel::update(living)
        .set(waifus::deleted_at.eq(Moment(at)))
        .execute(connection)
        .await?;
    Ok(())
}

/// Deleted ones too.
pub(super) async fn owned_by(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    after: Option<WaifuId>,
    limit: u32,
) -> Result<Vec<Waifu>, Fault> {
    // No id is the first of ids.
    let after = after.map_or(Uuid::nil(), Uuid::from);
    let rows: Vec<WaifuRow> = waifus::table
        .filter(waifus::owner_id.eq(owner.as_uuid()))
        .filter(waifus::id.gt(after))
        .order_by(waifus::id)
        .limit(limit.into())
        .select(WaifuRow::as_select())
        .load(connection)
        .await?;
    rows.into_iter().map(WaifuRow::read).collect()
}

pub(super) async fn versions(
    connection: &mut AsyncPgConnection,
    id: WaifuId,
    after: u32,
    limit: u32,
) -> Result<Vec<WaifuVersion>, Fault> {
    let rows: Vec<VersionRow> = waifu_versions::table
        .filter(waifu_versions::waifu_id.eq(id.as_uuid()))
        .filter(waifu_versions::version.gt(number(after)?))
        .order_by(waifu_versions::version)
        .limit(limit.into())
        .select(VersionRow::as_select())
        .load(connection)
        .await?;
    rows.into_iter().map(VersionRow::read).collect()
}

async fn is_empty(connection: &mut AsyncPgConnection) -> Result<bool, Fault> {
    let empty = diesel::select(not(exists(waifus::table.select(waifus::id))));
    Ok(empty.get_result(connection).await?)
}

#[async_trait]
impl Waifus for Repository<'_> {
    async fn insert(&mut self, waifu: &Waifu) -> Result<Result<(), Taken>, StoreError> {
        Ok(insert(self.0, waifu).await?)
    }

    async fn by_id(&mut self, id: WaifuId) -> Result<Option<Waifu>, StoreError> {
        Ok(by_id(self.0, id).await?)
    }

    async fn deleted(&mut self, ids: &[WaifuId]) -> Result<Vec<WaifuId>, StoreError> {
        Ok(deleted(self.0, ids).await?)
    }

    async fn by_key(&mut self, key: &Slug) -> Result<Option<Waifu>, StoreError> {
        Ok(by_key(self.0, key).await?)
    }

    async fn visible_to(
        &mut self,
        viewer: UserId,
        after: Option<WaifuPlace>,
        limit: u32,
    ) -> Result<Vec<Waifu>, StoreError> {
        Ok(visible_to(self.0, viewer, after, limit).await?)
    }

    async fn of_house(
        &mut self,
        after: Option<WaifuPlace>,
        limit: u32,
    ) -> Result<Vec<Waifu>, StoreError> {
        Ok(of_house(self.0, after, limit).await?)
    }

    async fn edit(&mut self, change: WaifuEdit) -> Result<Edited, StoreError> {
        Ok(edit(self.0, &change).await?)
    }

    async fn delete(&mut self, id: WaifuId, at: Timestamp) -> Result<(), StoreError> {
        Ok(delete(self.0, id, at).await?)
    }

    async fn is_empty(&mut self) -> Result<bool, StoreError> {
        Ok(is_empty(self.0).await?)
    }
}
