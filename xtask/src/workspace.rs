//! The workspace as cargo itself reads it, so that inherited, renamed and target-specific
//! dependencies need no reading of ours.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::commands;

/// What `cargo metadata --no-deps` says; it asks no registry and needs no lock file.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    /// The folder of the root manifest.
    #[serde(rename = "workspace_root")]
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    #[serde(rename = "target_directory")]
    pub(crate) target: PathBuf,
    /// The members and nothing else.
    pub(crate) packages: Vec<Package>,
}

/// A member of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A dependency that a member names, under its real name.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// The name that the member calls it by, if it is another.
    pub(crate) rename: Option<String>,
    /// `None` is `[dependencies]`.
    pub(crate) kind: Option<Kind>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Build,
    Dev,
}

impl Workspace {
    /// Reads the workspace that holds `folder`.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let metadata = commands::output(
            commands::cargo()
                .args(["metadata", "--no-deps", "--format-version", "1"])
                .current_dir(folder),
        )?;
        serde_json::from_str(&metadata).context("failed to understand `cargo metadata`")
    }

    /// Where `cargo build` leaves a program of this workspace.
    pub(crate) fn debug_binary(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }
}
