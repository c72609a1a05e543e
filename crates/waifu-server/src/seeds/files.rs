//! The files that seeds come from.

use std::path::Path;

use anyhow::Context;

include!(concat!(env!("OUT_DIR"), "/shipped_seeds.rs"));

#[derive(Debug)]
pub(super) struct File {
    /// As an operator knows it.
    pub(super) name: String,
    pub(super) text: String,
}

#[derive(Debug)]
pub(super) struct Files {
    pub(super) companions: Vec<File>,
    pub(super) gifts: Vec<File>,
    pub(super) dates: Vec<File>,
    pub(super) events: Vec<File>,
}

impl Files {
    pub(super) fn shipped() -> Self {
        Self {
            companions: compiled_in(SHIPPED_COMPANIONS),
            gifts: compiled_in(SHIPPED_GIFTS),
            dates: compiled_in(SHIPPED_DATES),
            events: compiled_in(SHIPPED_EVENTS),
        }
    }

    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            companions: read_folder(&folder.join("companions"))?,
            gifts: read_folder(&folder.join("gifts"))?,
            dates: read_folder(&folder.join("dates"))?,
            events: read_folder(&folder.join("events"))?,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        let Self {
            companions,
            gifts,
            dates,
            events,
        } = self;
        [companions, gifts, dates, events]
            .into_iter()
            .all(Vec::is_empty)
    }
}

fn compiled_in(files: &[(&str, &str)]) -> Vec<File> {
    let file = |(name, text): &(&str, &str)| File {
        name: (*name).to_owned(),
        text: (*text).to_owned(),
    };
    files.iter().map(file).collect()
}

/// Its TOML files by name; none when there is no such folder.
fn read_folder(folder: &Path) -> anyhow::Result<Vec<File>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let unreadable = || format!("failed to read the folder {}", folder.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            paths.push(path);
        }
    }
    paths.sort();
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        let name = path.display().to_string();
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("failed to read {name}"))?;
        files.push(File { name, text });
    }
    Ok(files)
}
