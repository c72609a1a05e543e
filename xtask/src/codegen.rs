//! The files that the server's own code describes: written here, committed, and held to the code.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::{commands, say, workspace::Workspace};

/// What `waifu-server print` is asked for, and the file that holds the answer.
const GENERATED: [(&str, &str); 3] = [
    ("openapi", "openapi.json"),
    ("graphql", "schema.graphql"),
    ("errors", "docs/errors.md"),
];

/// Writes the generated files, or with `check` only compares them.
pub(crate) fn run(workspace: &Workspace, check: bool) -> Result<()> {
    let mut generated = Vec::new();
    for (subject, file) in GENERATED {
        let text = commands::output(
            commands::cargo()
                .args(["run", "-q", "-p", "waifu-server", "--", "print", subject])
                .current_dir(&workspace.root),
        )?;
        generated.push((file, text));
    }
    if check {
        compare(&workspace.root, &generated)
    } else {
        write(&workspace.root, &generated)
    }
}

fn compare(root: &Path, generated: &[(&str, String)]) -> Result<()> {
    let stale: Vec<&str> = generated
        .iter()
        // A file that cannot be read is as stale as one that differs.
        .filter(|(file, text)| fs::read(root.join(file)).ok().as_deref() != Some(text.as_bytes()))
        .map(|(file, _)| *file)
        .collect();
    if !stale.is_empty() {
        bail!(
            "stale: {}; run `cargo xtask codegen` and commit the result",
            stale.join(", ")
        );
    }
    say::line("codegen: the committed files are what the code says");
    Ok(())
}

fn write(root: &Path, generated: &[(&str, String)]) -> Result<()> {
    for (file, text) in generated {
        let path = root.join(file);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("failed to make {file}'s folder"))?;
        }
        fs::write(&path, text).with_context(|| format!("failed to write {file}"))?;
        say::line(&format!("codegen: wrote {file}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{compare, write};

    #[test]
    fn what_was_written_passes_the_check() {
        let root = tempfile::tempdir().unwrap();
        let generated = [("docs/errors.md", "# Errors\n".to_owned())];
        write(root.path(), &generated).unwrap();
        compare(root.path(), &generated).unwrap();
    }

    #[test]
    fn a_stale_or_missing_file_fails_the_check_and_the_message_says_what_to_run() {
        let root = tempfile::tempdir().unwrap();
        write(
            root.path(),
            &[("same", "1".to_owned()), ("stale", "1".to_owned())],
        )
        .unwrap();
        let fresh = [
            ("same", "1".to_owned()),
            ("stale", "2".to_owned()),
            ("missing", "3".to_owned()),
        ];
        let failure = compare(root.path(), &fresh).unwrap_err().to_string();
        assert!(failure.starts_with("stale: stale, missing;"), "{failure}");
        assert!(failure.contains("cargo xtask codegen"), "{failure}");
    }
}
