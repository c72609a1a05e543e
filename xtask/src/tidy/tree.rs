//! The files that the text checks look at: what git tracks, and what it would if it were asked.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::commands;

/// The workspace's own files, read once for all checks.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) files: Vec<File>,
}

#[derive(Debug)]
pub(super) struct File {
    /// From the root, with `/`.
    pub(super) path: String,
    /// With a replacement character where it is not UTF-8.
    pub(super) text: String,
}

impl Tree {
    /// Reads the files under `root`. A new file counts before `git add`, so that a fault is found
    /// before it is committed; an ignored one does not.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let listed = commands::output(
            git()
                .args([
                    "ls-files",
                    "-z",
                    "--cached",
                    "--others",
                    "--exclude-standard",
                ])
                .current_dir(root),
        )?;
        let mut files = Vec::new();
        for path in listed.split_terminator('\0') {
            let place = root.join(path);
            // Neither what was deleted and is still in the index, nor a link to another file.
            if place.symlink_metadata().is_ok_and(|found| found.is_file()) {
                let bytes = fs::read(&place).with_context(|| format!("failed to read {path}"))?;
                files.push(File {
                    path: path.to_owned(),
                    text: String::from_utf8_lossy(&bytes).into_owned(),
                });
            }
        }
        Ok(Self { files })
    }

    /// The files whose names end in one of `extensions`.
    pub(super) fn with_extension(&self, extensions: &[&str]) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| {
            Path::new(&file.path)
                .extension()
                .is_some_and(|found| extensions.iter().any(|wanted| found == *wanted))
        })
    }
}

/// A git that looks at its current folder, also when a hook of another repository runs us.
fn git() -> Command {
    let mut command = Command::new("git");
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(variable);
    }
    command
}

/// A repository of these files and no others, read as the real one is.
#[cfg(test)]
pub(super) fn of(files: &[(&str, &str)]) -> Tree {
    let root = tempfile::tempdir().unwrap();
    commands::output(git().args(["init", "--quiet"]).current_dir(root.path())).unwrap();
    for (path, text) in files {
        let place = root.path().join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }
    Tree::read(root.path()).unwrap()
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn new_files_count_and_ignored_ones_do_not() {
        let tree = of(&[
            (".gitignore", "/data\n"),
            ("data/store.sqlite", ""),
            ("a folder/grün.rs", ""),
        ]);
        let mut paths: Vec<_> = tree.files.iter().map(|file| file.path.as_str()).collect();
        paths.sort_unstable();
        assert_eq!(paths, [".gitignore", "a folder/grün.rs"]);
    }
}
