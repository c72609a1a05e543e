//! Gifts, dates and events: each file is a table of entries, by key.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use serde::de::DeserializeOwned;
use waifu_app::ports::store::Definition;
use waifu_app::use_cases::SeedEntry;
use waifu_domain::slug::Slug;

use super::files::{File, Files};

pub(super) fn parse(files: &Files) -> anyhow::Result<Vec<SeedEntry>> {
    let mut entries = Vec::new();
    read(&mut entries, &files.gifts, Definition::Gift)?;
    read(&mut entries, &files.dates, Definition::Date)?;
    read(&mut entries, &files.events, Definition::Event)?;
    Ok(entries)
}

fn read<T: DeserializeOwned>(
    entries: &mut Vec<SeedEntry>,
    files: &[File],
    define: fn(T) -> Definition,
) -> anyhow::Result<()> {
    let mut homes: BTreeMap<Slug, &str> = BTreeMap::new();
    for File { name, text } in files {
        let table: BTreeMap<Slug, T> =
            toml::from_str(text).with_context(|| format!("failed to accept {name}"))?;
        for (key, entry) in table {
            if let Some(home) = homes.insert(key.clone(), name) {
                bail!("failed to accept {name}: {key} is in {home} too");
            }
            entries.push(SeedEntry {
                key,
                definition: define(entry),
            });
        }
    }
    Ok(())
}

/// The folder that a definition comes from.
pub(super) fn kind(definition: &Definition) -> &'static str {
    match definition {
        Definition::Gift(_) => "gifts",
        Definition::Date(_) => "dates",
        Definition::Event(_) => "events",
    }
}

#[cfg(test)]
pub(super) fn whole(entries: &[SeedEntry]) -> waifu_domain::catalogue::Catalogue {
    let mut catalogue = waifu_domain::catalogue::Catalogue::default();
    for SeedEntry { key, definition } in entries.iter().cloned() {
        match definition {
            Definition::Gift(gift) => drop(catalogue.gifts.insert(key, gift)),
            Definition::Date(date) => drop(catalogue.dates.insert(key, date)),
            Definition::Event(event) => drop(catalogue.events.insert(key, event)),
        }
    }
    catalogue
}
