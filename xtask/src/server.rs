//! Tasks that are subcommands of the server, for it alone knows its settings and stores.

use std::ffi::OsString;

use anyhow::Result;

use crate::{commands, workspace::Workspace};

/// Runs `waifu-server <subcommand> <arguments>` from the root of the workspace.
pub(crate) fn run(workspace: &Workspace, subcommand: &str, arguments: &[OsString]) -> Result<()> {
    commands::run(
        commands::cargo()
            .args(["run", "--package", "waifu-server", "--", subcommand])
            .args(arguments)
            .current_dir(&workspace.root),
    )
}
