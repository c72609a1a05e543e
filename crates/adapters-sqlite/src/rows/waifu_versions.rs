//! Companions, as they were in each of their versions.

use diesel::prelude::*;
use waifu_app::ports::store::WaifuVersion;
use waifu_domain::ids::WaifuId;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::waifu::WaifuProfile;

use crate::errors::{Corrupt, Fault};
use crate::schema::waifu_versions;
use crate::types::{DbUuid, checked, db, from_json, to_json};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = waifu_versions)]
struct VersionRow {
    waifu_id: DbUuid,
    version: i64,
    name: String,
    personality: String,
    appearance: String,
    stats: String,
    created_at: i64,
}

impl VersionRow {
    fn into_profile(self) -> Result<WaifuProfile, Corrupt> {
        Ok(WaifuProfile {
            name: checked("waifu_versions.name", self.name)?,
            personality: from_json("waifu_versions.personality", &self.personality)?,
            appearance: from_json("waifu_versions.appearance", &self.appearance)?,
            stats: from_json("waifu_versions.stats", &self.stats)?,
        })
    }
}

pub(crate) fn insert(
    c: &mut SqliteConnection,
    waifu: WaifuId,
    version: u32,
    profile: &WaifuProfile,
    at: Timestamp,
) -> Result<(), Fault> {
    let row = VersionRow {
        waifu_id: db(waifu),
        version: version.into(),
        name: profile.name.as_str().to_owned(),
        personality: to_json(&profile.personality),
        appearance: to_json(&profile.appearance),
        stats: to_json(&profile.stats),
        created_at: at.unix_micros(),
    };
    diesel::insert_into(waifu_versions::table)
        .values(row)
        .execute(c)?;
    Ok(())
}

pub(crate) fn get(
    c: &mut SqliteConnection,
    waifu: WaifuId,
    version: u32,
) -> Result<WaifuProfile, Fault> {
    let row = waifu_versions::table
        .find((db(waifu), i64::from(version)))
        .select(VersionRow::as_select())
        .first(c)?;
    Ok(row.into_profile()?)
}

pub(crate) fn of(
    c: &mut SqliteConnection,
    waifu: WaifuId,
    after: u32,
    limit: u32,
) -> Result<Vec<WaifuVersion>, Fault> {
    let rows: Vec<VersionRow> = waifu_versions::table
        .filter(waifu_versions::waifu_id.eq(db(waifu)))
        .filter(waifu_versions::version.gt(i64::from(after)))
        .order(waifu_versions::version)
        .limit(limit.into())
        .select(VersionRow::as_select())
        .load(c)?;
    let read = |row: VersionRow| {
        Ok(WaifuVersion {
            version: checked("waifu_versions.version", row.version)?,
            created_at: Timestamp::from_unix_micros(row.created_at),
            profile: row.into_profile()?,
        })
    };
    rows.into_iter().map(read).collect()
}
