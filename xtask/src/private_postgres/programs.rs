//! Where PostgreSQL's server programs are: Debian keeps them off the PATH.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::{apt, environment};

const DEBIAN: &str = "/usr/lib/postgresql";

/// The folder that holds `initdb` and its like, installing them if they are missing and we may.
pub(super) fn find_or_install() -> Result<PathBuf> {
    if let Some(folder) = find() {
        return Ok(folder);
    }
    if apt::is_usable()? {
        apt::install("postgresql")?;
        if let Some(folder) = find() {
            return Ok(folder);
        }
    }
    bail!(
        "PostgreSQL's server programs (initdb, postgres) are neither where `pg_config --bindir` \
         says, nor in {DEBIAN}/*/bin, nor on the PATH: install PostgreSQL (Debian: `apt-get \
         install postgresql`), or set WAIFU_TEST_POSTGRES_URL to the URL of a maintenance \
         database of a server in which the tests may create databases"
    )
}

fn find() -> Option<PathBuf> {
    let path = environment::variable("PATH").unwrap_or_default();
    configured()
        .into_iter()
        .chain(newest_first(folders_in(Path::new(DEBIAN))))
        .chain(std::env::split_paths(&path))
        .find(|folder| holds_the_server(folder))
}

/// `pg_config` may belong to a client library alone.
fn holds_the_server(folder: &Path) -> bool {
    ["initdb", "postgres", "pg_isready"]
        .iter()
        .all(|program| folder.join(program).is_file())
}

fn configured() -> Option<PathBuf> {
    let output = Command::new("pg_config")
        .arg("--bindir")
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(folder.trim()))
}

fn folders_in(parent: &Path) -> Vec<PathBuf> {
    fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect()
}

/// The program folders of Debian's `<version>` folders. The older versions have two numbers.
fn newest_first(mut versions: Vec<PathBuf>) -> Vec<PathBuf> {
    versions.sort_by_key(|folder| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let numbers: Vec<u32> = name.split('.').map_while(|n| n.parse().ok()).collect();
        std::cmp::Reverse(numbers)
    });
    versions
        .into_iter()
        .map(|folder| folder.join("bin"))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::{holds_the_server, newest_first};

    #[test]
    fn versions_are_ordered_as_numbers() {
        let folders = ["/pg/9.6", "/pg/15", "/pg/notes", "/pg/17"].map(PathBuf::from);
        let ordered = ["/pg/17/bin", "/pg/15/bin", "/pg/9.6/bin", "/pg/notes/bin"];
        assert_eq!(newest_first(folders.to_vec()), ordered.map(PathBuf::from));
    }

    #[test]
    fn a_folder_of_client_programs_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        for program in ["psql", "pg_isready"] {
            fs::write(folder.path().join(program), "").unwrap();
        }
        assert!(!holds_the_server(folder.path()));
        for program in ["initdb", "postgres"] {
            fs::write(folder.path().join(program), "").unwrap();
        }
        assert!(holds_the_server(folder.path()));
    }
}
