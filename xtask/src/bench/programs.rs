//! The programs that a measurement runs, as they are built for use.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::commands;
use crate::workspace::Workspace;

#[derive(Debug)]
pub(super) struct Programs {
    pub(super) server: PathBuf,
    pub(super) model: PathBuf,
    pub(super) client: PathBuf,
}

impl Programs {
    /// Builds them; the server only if no other is to be measured, and with its symbols if it is to be profiled.
    pub(super) fn build(
        workspace: &Workspace,
        server: Option<&Path>,
        profile: bool,
    ) -> Result<Self> {
        build(workspace, "waifu-testkit", &workspace.target, false)?;
        let release = |target: &Path, name: &str| target.join("release").join(name);
        let server = if let Some(program) = server {
            std::path::absolute(program)?
        } else {
            // Apart, so that the usual build need not be made again afterwards.
            let target = if profile {
                workspace.target.join("profiled")
            } else {
                workspace.target.clone()
            };
            build(workspace, "waifu-server", &target, profile)?;
            release(&target, "waifu-server")
        };
        Ok(Self {
            server,
            model: release(&workspace.target, "scripted-model"),
            client: release(&workspace.target, "turn-load"),
        })
    }
}

fn build(workspace: &Workspace, package: &str, target: &Path, with_symbols: bool) -> Result<()> {
    let mut cargo = commands::cargo();
    cargo
        .args([
            "build",
            "--release",
            "--package",
            package,
            "--bins",
            "--target-dir",
        ])
        .arg(target)
        .current_dir(&workspace.root);
    if with_symbols {
        cargo
            .env("CARGO_PROFILE_RELEASE_STRIP", "none")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only")
            .env("RUSTFLAGS", "-C force-frame-pointers=yes");
    }
    commands::run(&mut cargo)
}
