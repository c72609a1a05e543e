//! A folder, a store and a model of a test's own, in which servers run one after another, or side by side.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;
use waifu_testkit::mock_llm::{MockLlm, Script};
use waifu_testkit::postgres::FreshDatabase;

use super::server::{Process, Server};
use super::world::{Model, Store, World};

/// The variable that `cargo xtask test` tells the server's program by.
const PROGRAM: &str = "WAIFU_TEST_SERVER";

/// Scenarios are in a hurry: what limits there are they ask for.
const LIMITED: [&str; 5] = ["AUTH", "READ", "WRITE", "CHAT", "ADMIN"];

#[derive(Debug)]
pub(crate) struct Place {
    folder: TempDir,
    database: Option<FreshDatabase>,
    model: Option<MockLlm>,
    settings: Vec<(String, String)>,
    processes: AtomicUsize,
}

impl Place {
    pub(crate) async fn new(world: World, settings: &[(&str, &str)]) -> Self {
        let database = match world.store {
            Store::Sqlite => None,
            Store::Postgres => Some(FreshDatabase::create().await),
        };
        let model = match world.model {
            Model::Offline => None,
            Model::Scripted => Some(MockLlm::start(Script::echo()).await),
        };
        let mut place = Self {
            folder: tempfile::tempdir().expect("a folder for a server"),
            database,
            model,
            settings: Vec::new(),
            processes: AtomicUsize::new(0),
        };
        place.set("WAIFU__SERVER__PORT", "0");
        for class in LIMITED {
            place.set(&format!("WAIFU__LIMITS__{class}__PER_MINUTE"), "0");
        }
        place.set("WAIFU__OFFLINE__WORDS_PER_SECOND", "0");
        if let Some(url) = place.database.as_ref().map(FreshDatabase::url) {
            place.set("WAIFU__STORE__URL", &url);
        }
        if let Some(url) = place.model.as_ref().map(MockLlm::base_url) {
            place.set("WAIFU__LLM__BASE_URL", &url);
            place.set("WAIFU__LLM__MODEL", "mock-1");
        }
        place.change(settings);
        place
    }

    pub(crate) fn change(&mut self, settings: &[(&str, &str)]) {
        for (name, value) in settings {
            self.set(name, value);
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Whether a command can run while a server does.
    pub(crate) fn has_room_for_many(&self) -> bool {
        self.database.is_some()
    }

    /// Of a store in PostgreSQL.
    pub(crate) fn database_url(&self) -> Option<String> {
        self.database.as_ref().map(FreshDatabase::url)
    }

    pub(crate) fn model(&self) -> &MockLlm {
        self.model
            .as_ref()
            .expect("this world has a scripted model")
    }

    pub(crate) async fn start(self) -> Server {
        let process = self
            .spawn()
            .await
            .unwrap_or_else(|exit| panic!("the server ended at once: {exit}"));
        Server::new(self, process)
    }

    /// A server that listens, or what one said that ended before it did.
    pub(crate) async fn spawn(&self) -> Result<Process, String> {
        let number = self.processes.fetch_add(1, Ordering::Relaxed);
        let log = |name: &str| self.folder().join(format!("server-{number}.{name}"));
        Process::spawn(self.command(), &log("stdout"), &log("stderr")).await
    }

    /// Runs one of the operators' commands to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(&[], arguments).await
    }

    /// As [`Place::run`], with other settings for this once.
    pub(crate) async fn run_with(&self, settings: &[(&str, &str)], arguments: &[&str]) -> Output {
        let mut command = self.command();
        command.envs(settings.iter().copied()).args(arguments);
        tokio::task::spawn_blocking(move || command.output())
            .await
            .expect("waiting does not panic")
            .expect("the server's program runs")
    }

    /// The program in this place, with these settings and no other variable.
    fn command(&self) -> Command {
        let mut command = Command::new(program());
        command
            .current_dir(self.folder())
            .env_clear()
            .env("RUST_BACKTRACE", "1");
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no settings; this is where they are told the program"
)]
fn program() -> PathBuf {
    if let Some(program) = std::env::var_os(PROGRAM) {
        return program.into();
    }
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/debug/waifu-server");
    assert!(
        File::open(&built).is_ok(),
        "there is no {}: run `cargo xtask test -- -p waifu-e2e`, which builds it, or set {PROGRAM}",
        built.display()
    );
    built
}
