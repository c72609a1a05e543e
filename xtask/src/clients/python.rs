//! A virtual environment with the packages of the Python example and those that only tests need.

use std::ffi::OsString;
use std::process::Command;

use anyhow::{Result, bail};

use super::{ask, once, read};
use crate::{apt, commands, workspace::Workspace};

const REQUIREMENTS: [&str; 2] = [
    "examples/python/requirements.txt",
    "tests/e2e/clients/requirements.txt",
];

/// Returns the environment's own Python.
pub(super) fn install(workspace: &Workspace) -> Result<OsString> {
    let folder = workspace.target.join("clients/python");
    let python = folder.join("bin/python");
    let wanted = REQUIREMENTS.map(|file| read(workspace, file));
    let wanted = wanted.into_iter().collect::<Result<Vec<_>>>()?.concat();
    once(&folder, &wanted, || {
        find_or_install()?;
        commands::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--timeout", "30"])
            .arg("--disable-pip-version-check")
            .current_dir(&workspace.root);
        for file in REQUIREMENTS {
            pip.args(["--requirement", file]);
        }
        commands::run(&mut pip)
    })?;
    Ok(python.into())
}

fn find_or_install() -> Result<()> {
    // Debian splits the module off.
    let is_there = || ask("python3", &["-c", "import ensurepip, venv"]).is_some();
    if !is_there() && apt::is_usable()? {
        apt::install("python3-venv")?;
    }
    if !is_there() {
        bail!(
            "the end-to-end tests run clients in Python, and there is no `python3` with `venv`: install Python 3.11 or \
             newer (Debian: `apt-get install python3-venv`)"
        );
    }
    Ok(())
}
