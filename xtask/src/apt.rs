//! Installing what the machine lacks, where that is ours to do: as root, with Debian's apt.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::{commands, private_postgres::account, say};

/// Whether packages can be installed here without asking anybody.
pub(crate) fn is_usable() -> Result<bool> {
    let apt_get = Command::new("apt-get")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    Ok(apt_get.is_ok_and(|status| status.success()) && account::is_root()?)
}

/// Installs a Debian package and what it depends on.
pub(crate) fn install(package: &str) -> Result<()> {
    say::line(&format!("installing Debian's `{package}` package"));
    apt_get(&["update", "--quiet"])
        .and_then(|()| {
            apt_get(&[
                "install",
                "--quiet",
                "--yes",
                "--no-install-recommends",
                package,
            ])
        })
        .with_context(|| format!("failed to install Debian's `{package}` package"))
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    commands::run(
        Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null()),
    )
}
