//! The npm packages of the JavaScript examples, which tests use too.

use std::ffi::OsString;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{ask, once, read};
use crate::{apt, commands, workspace::Workspace};

const MANIFESTS: [&str; 2] = ["package.json", "package-lock.json"];
const OLDEST_NODE: u32 = 20;

/// Returns the folder of the packages. It is not in the source tree: nothing that is built is.
pub(super) fn install(workspace: &Workspace) -> Result<OsString> {
    let folder = workspace.target.join("clients/javascript");
    let manifests = MANIFESTS.map(|file| read(workspace, &format!("examples/javascript/{file}")));
    let manifests = manifests.into_iter().collect::<Result<Vec<_>>>()?;
    once(&folder, &manifests.concat(), || {
        find_or_install()?;
        for (file, text) in MANIFESTS.iter().zip(&manifests) {
            fs::write(folder.join(file), text).with_context(|| format!("failed to copy {file}"))?;
        }
        commands::run(
            Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
                .args(["--fetch-timeout", "60000"])
                .current_dir(&folder),
        )
    })?;
    Ok(folder.join("node_modules").into())
}

fn find_or_install() -> Result<()> {
    for program in ["node", "npm"] {
        if ask(program, &["--version"]).is_none() && apt::is_usable()? {
            apt::install(if program == "node" { "nodejs" } else { program })?;
        }
        if ask(program, &["--version"]).is_none() {
            bail!(
                "the end-to-end tests run clients in JavaScript, and there is no `{program}`: install Node.js \
                 {OLDEST_NODE} or newer, with npm"
            );
        }
    }
    let version = ask("node", &["--version"]).unwrap_or_default();
    if major(&version).is_none_or(|major| major < OLDEST_NODE) {
        bail!(
            "the end-to-end tests run clients in JavaScript that want Node.js {OLDEST_NODE} or newer, and this is {}",
            version.trim()
        );
    }
    Ok(())
}

/// Of a version as node tells it: v20.11.1
fn major(version: &str) -> Option<u32> {
    version
        .trim()
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn a_version_begins_with_its_major_number() {
        assert_eq!(major("v20.11.1\n"), Some(20));
        assert_eq!(major("20.11.1"), None);
        assert_eq!(major(""), None);
    }
}
