//! What the end-to-end tests run that others wrote: packages of Python and of npm, installed once under `target`, from
//! wherever this machine gets its packages.

mod javascript;
mod python;

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::{environment, say, workspace::Workspace};

/// Tells the end-to-end tests a Python that has the packages.
const PYTHON: &str = "WAIFU_TEST_PYTHON";
/// Tells them the folder of the npm packages.
const NODE_MODULES: &str = "WAIFU_TEST_NODE_MODULES";

/// Installs what is not there yet. Returns the variables that tell the tests where; those that are set already stand.
pub(crate) fn prepare(workspace: &Workspace) -> Result<Vec<(&'static str, OsString)>> {
    type Install = fn(&Workspace) -> Result<OsString>;
    let places: [(&str, Install); 2] = [
        (PYTHON, python::install),
        (NODE_MODULES, javascript::install),
    ];
    let mut variables = Vec::new();
    for (name, install) in places {
        let place = match environment::variable(name) {
            Some(place) => {
                say::line(&format!("test: using the clients of {name}"));
                place
            }
            None => install(workspace)?,
        };
        variables.push((name, place));
    }
    Ok(variables)
}

/// Installs into a folder, unless what is wanted is there since an earlier run.
fn once(folder: &Path, wanted: &str, install: impl FnOnce() -> Result<()>) -> Result<()> {
    let installed = folder.join("installed");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("failed to remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("failed to make {}", folder.display()))?;
    install()?;
    // Last, so that a run that was cut off is begun anew.
    fs::write(&installed, wanted)
        .with_context(|| format!("failed to write {}", installed.display()))
}

fn read(workspace: &Workspace, file: &str) -> Result<String> {
    fs::read_to_string(workspace.root.join(file)).with_context(|| format!("failed to read {file}"))
}

/// What a program writes that may be missing; `None` when it is, or fails.
fn ask(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    let output = command.stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(text)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use anyhow::bail;

    use super::once;

    #[test]
    fn what_is_installed_is_not_installed_again_until_something_else_is_wanted() {
        let target = tempfile::tempdir().unwrap();
        let folder = target.path().join("clients");
        let mut installs = 0;
        for wanted in ["a", "a", "b"] {
            once(&folder, wanted, || {
                installs += 1;
                assert!(!folder.join("left over").exists());
                Ok(fs::write(folder.join("left over"), "")?)
            })
            .unwrap();
        }
        assert_eq!(installs, 2);
    }

    #[test]
    fn an_install_that_fails_is_begun_anew() {
        let target = tempfile::tempdir().unwrap();
        let folder = target.path().join("clients");
        once(&folder, "a", || bail!("no network")).unwrap_err();
        let mut installs = 0;
        once(&folder, "a", || {
            installs += 1;
            Ok(())
        })
        .unwrap();
        assert_eq!(installs, 1);
    }
}
