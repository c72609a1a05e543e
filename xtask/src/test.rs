//! The tests, with the PostgreSQL and the server program that they need.

use std::ffi::{OsStr, OsString};

use anyhow::Result;

use crate::private_postgres::PrivatePostgres;
use crate::{clients, commands, environment, say, workspace::Workspace};

/// Tells the tests the URL of a database in which they may create others.
const POSTGRES_URL: &str = "WAIFU_TEST_POSTGRES_URL";
/// Tells the end-to-end tests the program to drive.
const SERVER: &str = "WAIFU_TEST_SERVER";

/// The end-to-end tests wait more than they work, so more of them run at once than there are processors.
const THREADS: &str = "RUST_TEST_THREADS";
const AT_ONCE: &str = "4";

/// Runs `cargo test`, on the whole workspace unless `arguments` select packages.
pub(crate) fn run(workspace: &Workspace, arguments: &[OsString]) -> Result<()> {
    let selection = Selection::among(arguments);
    let mut tests = commands::cargo();
    tests.arg("test").current_dir(&workspace.root);
    if selection == Selection::Workspace {
        tests.arg("--workspace");
    }
    tests.args(arguments);
    if environment::variable(THREADS).is_none() {
        tests.env(THREADS, AT_ONCE);
    }

    if selection.drives_the_server() {
        commands::run(
            commands::cargo()
                .args([
                    "build",
                    "--package",
                    "waifu-server",
                    "--features",
                    "failpoints",
                ])
                .current_dir(&workspace.root),
        )?;
        tests.env(SERVER, workspace.debug_binary("waifu-server"));
        tests.envs(clients::prepare(workspace)?);
    }

    // Held to the end of the tests: dropping it removes the server.
    let _postgres = if environment::variable(POSTGRES_URL).is_some() {
        say::line(&format!("test: using the PostgreSQL of {POSTGRES_URL}"));
        None
    } else {
        let postgres = PrivatePostgres::install_and_start()?;
        let url = postgres.url();
        say::line(&format!("test: started a private PostgreSQL at {url}"));
        tests.env(POSTGRES_URL, url);
        Some(postgres)
    };
    commands::run(&mut tests)
}

/// What the arguments of `cargo test` select; cargo ignores `-p` beside `--workspace`.
#[derive(Debug, PartialEq, Eq)]
enum Selection<'a> {
    Workspace,
    Packages(Vec<&'a OsStr>),
}

impl<'a> Selection<'a> {
    fn among(arguments: &'a [OsString]) -> Self {
        let mut packages = Vec::new();
        // What follows `--` belongs to the test programs.
        let mut words = arguments.iter().take_while(|word| *word != "--");
        while let Some(word) = words.next() {
            let text = word.to_string_lossy();
            if text == "-p" || text == "--package" {
                packages.extend(words.next().map(OsString::as_os_str));
            } else if text.starts_with("--package=")
                || (text.starts_with("-p") && !text.starts_with("--"))
            {
                packages.push(word.as_os_str());
            }
        }
        if packages.is_empty() {
            Self::Workspace
        } else {
            Self::Packages(packages)
        }
    }

    /// Whether the end-to-end tests may be among them. One crate's tests need not wait for the
    /// server to build, or fail because it does not.
    fn drives_the_server(&self) -> bool {
        match self {
            Self::Workspace => true,
            Self::Packages(packages) => packages.iter().any(|package| {
                let name = package.to_string_lossy();
                name.contains("waifu-e2e") || name.contains(['*', '?', '['])
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::Selection;

    fn drives_the_server(arguments: &[&str]) -> (bool, bool) {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let selection = Selection::among(&arguments);
        (
            selection == Selection::Workspace,
            selection.drives_the_server(),
        )
    }

    #[test]
    fn without_a_package_the_whole_workspace_is_tested() {
        assert_eq!(drives_the_server(&[]), (true, true));
        assert_eq!(drives_the_server(&["--release"]), (true, true));
        assert_eq!(drives_the_server(&["name", "--", "-p", "x"]), (true, true));
    }

    #[test]
    fn a_selected_package_is_tested_alone_and_without_the_server() {
        for arguments in [
            &["-p", "adapters-sqlite"][..],
            &["-padapters-sqlite"],
            &["--package", "adapters-sqlite"],
            &["--package=adapters-sqlite", "name"],
        ] {
            assert_eq!(drives_the_server(arguments), (false, false));
        }
    }

    #[test]
    fn the_end_to_end_tests_get_their_server_however_they_are_selected() {
        for arguments in [
            &["-p", "waifu-e2e"][..],
            &["--package=waifu-e2e"],
            &["-pwaifu-*"],
        ] {
            assert_eq!(drives_the_server(arguments), (false, true));
        }
    }
}
