//! A server that runs: a process that is watched, stopped, killed and started again.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use waifu_testkit::mock_llm::MockLlm;

use super::place::Place;
use super::rest::{Door, User};

const STARTS_WITHIN: Duration = Duration::from_secs(30);
const STOPS_WITHIN: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(crate) struct Server {
    // Dropped first, so that the store and the model outlive it.
    process: Process,
    pub(crate) place: Place,
    pub(crate) door: Door,
    users: AtomicUsize,
}

impl Server {
    pub(crate) fn new(place: Place, process: Process) -> Self {
        let door = Door::to(&process.address);
        Self {
            process,
            place,
            door,
            users: AtomicUsize::new(0),
        }
    }

    pub(crate) fn model(&self) -> &MockLlm {
        self.place.model()
    }

    /// Somebody new.
    pub(crate) async fn user(&self) -> User {
        let number = self.users.fetch_add(1, Ordering::Relaxed) + 1;
        User::register(&self.door, &format!("user-{number}")).await
    }

    /// What it has told the person who started it.
    pub(crate) fn said(&self) -> String {
        self.process.said()
    }

    /// What it has told its operators.
    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn stop(&mut self) -> ExitStatus {
        self.process.ask_to_stop();
        self.process.ended().await
    }

    pub(crate) fn ask_to_stop(&self) {
        self.process.ask_to_stop();
    }

    pub(crate) async fn ended(&mut self) -> ExitStatus {
        self.process.ended().await
    }

    /// `kill -9`
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts another server where this one was; those who were signed in go [through](User::through) its door.
    pub(crate) async fn start_again(&mut self) {
        self.start_again_with(&[]).await;
    }

    /// As [`Server::start_again`], with other settings from then on.
    pub(crate) async fn start_again_with(&mut self, settings: &[(&str, &str)]) {
        let started = self.try_to_start_again_with(settings).await;
        started.unwrap_or_else(|exit| panic!("it does not start again: {exit}"));
    }

    /// As [`Server::start_again_with`]; an error is what was said by one that ended before it listened.
    pub(crate) async fn try_to_start_again_with(
        &mut self,
        settings: &[(&str, &str)],
    ) -> Result<(), String> {
        self.process.kill();
        self.place.change(settings);
        self.process = self.place.spawn().await?;
        self.door = Door::to(&self.process.address);
        Ok(())
    }

    /// Its process, as the system knows it.
    pub(crate) fn process_id(&self) -> u32 {
        self.process.child.id()
    }
}

/// One process of the server; killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
    /// `http://` and where it listens.
    pub(crate) address: String,
}

impl Process {
    /// Waits until it listens; an error is what was said by one that ended instead.
    pub(crate) async fn spawn(
        mut command: Command,
        stdout: &Path,
        stderr: &Path,
    ) -> Result<Self, String> {
        let log = |path| Stdio::from(File::create(path).expect("a file for a log"));
        command
            .stdin(Stdio::null())
            .stdout(log(stdout))
            .stderr(log(stderr));
        let child = command.spawn().expect("the server's program runs");
        let mut process = Self {
            child,
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
            address: String::new(),
        };
        let deadline = Instant::now() + STARTS_WITHIN;
        loop {
            let exit = process
                .child
                .try_wait()
                .expect("our child can be waited for");
            if let Some(exit) = exit {
                return Err(format!("{exit}\n{}", process.log()));
            }
            if let Some(address) = address_in(&process.said()) {
                process.address = address;
                return Ok(process);
            }
            assert!(
                Instant::now() < deadline,
                "the server does not listen after {STARTS_WITHIN:?}"
            );
            sleep(LOOK_AGAIN).await;
        }
    }

    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.stdout).unwrap_or_default()
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    fn ask_to_stop(&self) {
        let asked = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(
            asked.is_ok_and(|status| status.success()),
            "the server is not there to be asked"
        );
    }

    async fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + STOPS_WITHIN;
        loop {
            if let Some(exit) = self.child.try_wait().expect("our child can be waited for") {
                return exit;
            }
            assert!(
                Instant::now() < deadline,
                "the server does not stop within {STOPS_WITHIN:?}"
            );
            sleep(LOOK_AGAIN).await;
        }
    }

    fn kill(&mut self) {
        // Both fail only for one that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!(
                "--- said by {}:\n{}--- its log:\n{}---",
                self.address,
                self.said(),
                self.log()
            );
        }
    }
}

/// Only from a whole line.
fn address_in(said: &str) -> Option<String> {
    let line = said
        .split_inclusive('\n')
        .find(|line| line.starts_with("waifu-server ") && line.ends_with('\n'))?;
    let (_, address) = line.trim_end().split_once(" listens on ")?;
    Some(address.to_owned())
}
