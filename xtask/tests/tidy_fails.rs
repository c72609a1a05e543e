//! The built `cargo xtask tidy`, run as a developer runs it.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Output};

fn tidy(root: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("tidy")
        .current_dir(root)
        .env_remove("GIT_DIR")
        .output()
        .expect("the binary was built for this test")
}

/// Every crate of the real workspace, its manifest as it is and no code.
fn copy_of_the_manifests(root: &Path) -> io::Result<()> {
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut members = vec!["tests/e2e".to_owned(), "xtask".to_owned()];
    for entry in fs::read_dir(real.join("crates"))? {
        members.push(format!("crates/{}", entry?.file_name().display()));
    }
    for member in members {
        fs::create_dir_all(root.join(&member).join("src"))?;
        fs::write(root.join(&member).join("src/lib.rs"), "")?;
        let manifest = format!("{member}/Cargo.toml");
        fs::copy(real.join(&manifest), root.join(&manifest))?;
    }
    fs::copy(real.join("Cargo.toml"), root.join("Cargo.toml"))?;
    let git = Command::new("git")
        .args(["init", "--quiet"])
        .env_remove("GIT_DIR")
        .current_dir(root)
        .status()?;
    assert!(git.success());
    Ok(())
}

#[test]
fn tidy_fails_when_a_crate_names_a_dependency_that_its_layer_may_not_have() {
    let root = tempfile::tempdir().unwrap();
    copy_of_the_manifests(root.path()).unwrap();
    let good = tidy(root.path());
    assert!(good.status.success(), "{good:?}");

    let manifest = root.path().join("crates/waifu-domain/Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let text = text.replace("[dependencies]", "[dependencies]\ndiesel.workspace = true");
    fs::write(&manifest, text).unwrap();
    let bad = tidy(root.path());
    assert_eq!(bad.status.code(), Some(1), "{bad:?}");
    let message = String::from_utf8(bad.stderr).unwrap();
    assert!(
        message.contains("waifu-domain: may not name diesel in [dependencies]"),
        "{message}"
    );
}

#[test]
fn tidy_fails_on_a_file_that_breaks_a_house_rule() {
    let root = tempfile::tempdir().unwrap();
    copy_of_the_manifests(root.path()).unwrap();
    fs::write(root.path().join("notes.md"), "trailing \n").unwrap();
    let bad = tidy(root.path());
    assert_eq!(bad.status.code(), Some(1), "{bad:?}");
    let message = String::from_utf8(bad.stderr).unwrap();
    assert!(
        message.contains("notes.md:1: ends in whitespace"),
        "{message}"
    );
}
