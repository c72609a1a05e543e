//! Whom a turn is played with.

use std::sync::Arc;

use diesel::SqliteConnection;
use waifu_domain::ids::WaifuId;
use waifu_domain::waifu::Waifu;

use crate::companions::{Companions, Known};
use crate::errors::Fault;
use crate::rows::waifu_versions;
use crate::rows::waifus::WaifuHead;

/// Her in a version, with a head that was just read.
pub(crate) fn of_version(
    c: &mut SqliteConnection,
    companions: &Companions,
    id: WaifuId,
    version: u32,
    head: WaifuHead,
) -> Result<Arc<Waifu>, Fault> {
    let known = companions.get(id, version);
    if let Some(known) = &known
        && known.head == head
    {
        return Ok(known.waifu.clone());
    }
    let profile = match known {
        Some(known) => known.waifu.profile.clone(),
        None => waifu_versions::get(c, id, version)?,
    };
    let waifu = Arc::new(head.clone().into_waifu(id, version, profile)?);
    companions.keep(Known {
        head,
        waifu: waifu.clone(),
    });
    Ok(waifu)
}
