//! The house's companions, a file each.

use anyhow::{Context, bail};
use serde::Deserialize;
use waifu_app::use_cases::SeedWaifu;
use waifu_domain::slug::Slug;
use waifu_domain::user::DisplayName;
use waifu_domain::waifu::{Appearance, Personality, Stats, WaifuProfile};

use super::files::File;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CompanionFile {
    key: Slug,
    name: DisplayName,
    personality: Personality,
    #[serde(default)]
    appearance: Appearance,
    #[serde(default)]
    stats: Stats,
}

pub(super) fn parse(files: &[File]) -> anyhow::Result<Vec<SeedWaifu>> {
    files.iter().map(parse_one).collect()
}

fn parse_one(File { name, text }: &File) -> anyhow::Result<SeedWaifu> {
    let file: CompanionFile =
        toml::from_str(text).with_context(|| format!("failed to accept {name}"))?;
    let profile = WaifuProfile {
        name: file.name,
        personality: file.personality,
        appearance: file.appearance,
        stats: file.stats,
    };
    if let Err(refused) = profile.check_documents() {
        bail!("failed to accept {name}: {} {refused}", refused.document);
    }
    Ok(SeedWaifu {
        key: file.key,
        profile,
    })
}
