//! The house's companions: shipped in the program, or read from a folder of an operator's own.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use waifu_app::use_cases::{SeedReport, SeedWaifu, SeedWaifus};
use waifu_domain::slug::Slug;
use waifu_domain::user::DisplayName;
use waifu_domain::waifu::{Appearance, Personality, Stats, WaifuProfile};

use crate::say;

include!(concat!(env!("OUT_DIR"), "/shipped_companions.rs"));

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

/// All companions of `folder`, or the shipped ones; refused as a whole when one file is wrong.
pub fn companions(folder: Option<&Path>) -> anyhow::Result<Vec<SeedWaifu>> {
    match folder {
        None => SHIPPED
            .iter()
            .map(|(name, text)| parse(name, text))
            .collect(),
        Some(folder) => read_folder(folder),
    }
}

fn read_folder(folder: &Path) -> anyhow::Result<Vec<SeedWaifu>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("failed to read the folder {}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry
            .with_context(|| format!("failed to read {}", folder.display()))?
            .path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(path);
        }
    }
    files.sort();
    ensure!(
        !files.is_empty(),
        "there is no .toml file in {}",
        folder.display()
    );
    let mut companions = Vec::with_capacity(files.len());
    for path in files {
        let name = path.display().to_string();
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("failed to read {name}"))?;
        companions.push(parse(&name, &text)?);
    }
    Ok(companions)
}

fn parse(name: &str, text: &str) -> anyhow::Result<SeedWaifu> {
    let file: CompanionFile =
        toml::from_str(text).with_context(|| format!("failed to accept {name}"))?;
    let CompanionFile {
        key,
        name: called,
        personality,
        appearance,
        stats,
    } = file;
    let profile = WaifuProfile {
        name: called,
        personality,
        appearance,
        stats,
    };
    if let Err(refused) = profile.check_documents() {
        bail!("failed to accept {name}: {} {refused}", refused.document);
    }
    Ok(SeedWaifu { key, profile })
}

/// Brings companions into the store, and says what became of each kind.
pub async fn plant(seed_waifus: &SeedWaifus, companions: Vec<SeedWaifu>) -> anyhow::Result<()> {
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}")?;
    let bar = ProgressBar::new(companions.len() as u64)
        .with_style(style)
        .with_message("companions");
    let (mut added, mut updated, mut unchanged, mut kept) = (0, 0, 0, Vec::new());
    for companion in companions {
        let key = companion.key.clone();
        let report = seed_waifus.execute(companion).await;
        match report.with_context(|| format!("failed to seed {key}"))? {
            SeedReport::Added => added += 1,
            SeedReport::Updated => updated += 1,
            SeedReport::Unchanged => unchanged += 1,
            SeedReport::Kept => kept.push(key.to_string()),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    say::line(&format!(
        "companions: {added} added, {updated} updated, {unchanged} unchanged, {} kept as edited",
        kept.len()
    ));
    if !kept.is_empty() {
        say::line(&format!("  kept: {}", kept.join(", ")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_companions_are_valid_and_have_their_own_keys() {
        let shipped = companions(None).unwrap();
        let keys: std::collections::BTreeSet<_> =
            shipped.iter().map(|seed| seed.key.clone()).collect();
        assert!(shipped.len() >= 4, "there are {}", shipped.len());
        assert_eq!(keys.len(), shipped.len());
    }

    #[test]
    fn a_wrong_file_is_refused_with_its_name_line_and_why() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("iris.toml");
        std::fs::write(
            &path,
            "key = \"iris\"\nname = \"Iris\"\n[personality]\n[stats]\nwarmth = 130\n",
        )
        .unwrap();
        let error = format!("{:#}", companions(Some(folder.path())).unwrap_err());
        assert!(error.contains("iris.toml"), "{error}");
        assert!(error.contains("line 5"), "{error}");
        assert!(error.contains("0 to 100"), "{error}");
    }
}
