//! Programs that are clients of the server, written in other languages, and run as a user would.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::rest::PASSWORD;

/// The variables by which `cargo xtask test` tells what it has installed.
const PYTHON: &str = "WAIFU_TEST_PYTHON";
const NODE_MODULES: &str = "WAIFU_TEST_NODE_MODULES";
/// What is due from a program comes within this.
const PATIENCE: Duration = Duration::from_secs(40);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// Folders of scripts in JavaScript, by path from here.
const SCRIPTS: [&str; 2] = ["../../examples/javascript", "clients"];

#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    folder: TempDir,
    /// What has been heard of already.
    heard: usize,
}

impl Program {
    /// A script in Python, by its path from the root of the workspace.
    pub(crate) fn python(script: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(told(PYTHON));
        // Nothing is left beside the script.
        command.arg("-B").arg(from_here("../..").join(script));
        Self::run(command, new_folder(), arguments)
    }

    /// The program of that name, in a folder with its settings.
    pub(crate) fn schemathesis(folder: TempDir, arguments: &[&str]) -> Self {
        let beside_python = Path::new(&told(PYTHON)).with_file_name("schemathesis");
        Self::run(Command::new(beside_python), folder, arguments)
    }

    /// A script in JavaScript, by its name. It runs where it finds its packages: beside them.
    pub(crate) fn javascript(script: &str, arguments: &[&str]) -> Self {
        let folder = new_folder();
        let packages = folder.path().join("node_modules");
        std::os::unix::fs::symlink(told(NODE_MODULES), packages).expect("a link");
        for scripts in SCRIPTS {
            for file in fs::read_dir(from_here(scripts)).expect("scripts") {
                let file = file.expect("a script").path();
                if file.extension().is_some_and(|extension| extension == "mjs") {
                    let name = file.file_name().expect("a name");
                    fs::copy(&file, folder.path().join(name)).expect("a copy");
                }
            }
        }
        let mut command = Command::new("node");
        command.arg(folder.path().join(script));
        Self::run(command, folder, arguments)
    }

    fn run(mut command: Command, folder: TempDir, arguments: &[&str]) -> Self {
        let to = |name| {
            let file = File::create(folder.path().join(name));
            Stdio::from(file.expect("a file for what is said"))
        };
        command
            .args(arguments)
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", told("PATH"))
            .env("HOME", folder.path())
            .env("WAIFU_PASSWORD", PASSWORD)
            .stdin(Stdio::piped())
            .stdout(to("said"))
            .stderr(to("complained"));
        Self {
            child: command.spawn().expect("the program runs"),
            folder,
            heard: 0,
        }
    }

    /// As somebody at its terminal types.
    pub(crate) fn is_told(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().expect("it listens");
        writeln!(stdin, "{line}").expect("it listens");
    }

    /// Nothing more is typed.
    pub(crate) fn is_left(&mut self) {
        self.child.stdin = None;
    }

    /// Everything that it has written to its standard output.
    pub(crate) fn said(&self) -> String {
        self.text("said")
    }

    pub(crate) fn complained(&self) -> String {
        self.text("complained")
    }

    fn text(&self, name: &str) -> String {
        let bytes = fs::read(self.folder.path().join(name)).expect("a file");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until it has said this after what was heard before.
    pub(crate) async fn says(&mut self, text: &str) {
        self.heard = self.comes(Self::said, self.heard, text).await;
    }

    pub(crate) async fn complains(&self, text: &str) {
        self.comes(Self::complained, 0, text).await;
    }

    async fn comes(&self, told: fn(&Self) -> String, after: usize, text: &str) -> usize {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let told = told(self);
            if let Some(place) = told.get(after..).and_then(|told| told.find(text)) {
                return after + place + text.len();
            }
            assert!(Instant::now() < deadline, "no {text:?} in {told}");
            sleep(LOOK_AGAIN).await;
        }
    }

    /// How it ends, within so long.
    pub(crate) async fn ended_within(&mut self, patience: Duration) -> ExitStatus {
        let deadline = Instant::now() + patience;
        loop {
            let exit = self.child.try_wait().expect("our child can be waited for");
            if let Some(exit) = exit {
                return exit;
            }
            assert!(Instant::now() < deadline, "it does not end");
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Its exit code.
    pub(crate) async fn ended(&mut self) -> Option<i32> {
        self.ended_within(PATIENCE).await.code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail only for one that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let (said, complained) = (self.said(), self.complained());
            eprintln!("--- the program said:\n{said}--- and complained:\n{complained}---");
        }
    }
}

pub(crate) fn new_folder() -> TempDir {
    tempfile::tempdir().expect("a folder for a program")
}

fn from_here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no settings; this is where they are told the programs"
)]
fn told(variable: &str) -> OsString {
    std::env::var_os(variable).unwrap_or_else(|| {
        panic!("{variable} is not set: run `cargo xtask test -- -p waifu-e2e`, which installs what it names")
    })
}
