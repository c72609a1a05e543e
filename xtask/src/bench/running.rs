//! A program that runs beside us, and ends when we do, however that comes.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Stands between us and the program, and ends it when we are gone.
const WATCHDOG: &str = include_str!("until_input_ends.sh");

const START_LIMIT: Duration = Duration::from_mins(1);
const STOP_LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// How a program is asked to end.
#[derive(Debug, Clone, Copy)]
pub(super) enum Signal {
    Terminate,
    Interrupt,
}

/// A program before it runs: its arguments and surroundings are added to `command`.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) command: Command,
    name: String,
    /// Where its id and its logs are kept; the account that it runs as must be able to write there.
    folder: PathBuf,
}

/// Dropping it ends the program and waits until it has ended.
#[derive(Debug)]
pub(super) struct Running {
    watchdog: Child,
    name: String,
    folder: PathBuf,
}

impl Program {
    pub(super) fn new(name: &str, program: &Path, ended_by: Signal, folder: &Path) -> Self {
        let signal = match ended_by {
            Signal::Terminate => "TERM",
            Signal::Interrupt => "INT",
        };
        let mut command = Command::new("sh");
        command
            .args(["-c", WATCHDOG, "watchdog"])
            .arg(folder.join(format!("{name}.pid")))
            .arg(signal)
            .arg(program)
            // A Ctrl-C at the terminal is for us; the watchdog sees us go.
            .process_group(0);
        Self {
            command,
            name: name.to_owned(),
            folder: folder.to_owned(),
        }
    }

    pub(super) fn start(mut self) -> Result<Running> {
        let log = |ending: &str| {
            let path = self.folder.join(format!("{}.{ending}", self.name));
            File::create(&path).with_context(|| format!("failed to make {}", path.display()))
        };
        let watchdog = self
            .command
            .stdin(Stdio::piped())
            .stdout(log("out")?)
            .stderr(log("log")?)
            .spawn()
            .with_context(|| format!("failed to start {}", self.name))?;
        Ok(Running {
            watchdog,
            name: self.name,
            folder: self.folder,
        })
    }
}

impl Running {
    /// The id of the program itself.
    pub(super) fn process(&self) -> Result<u32> {
        let path = self.folder.join(format!("{}.pid", self.name));
        let text = fs::read_to_string(&path);
        let text = text.with_context(|| format!("failed to read {}", path.display()))?;
        text.trim()
            .parse()
            .context("failed to understand a process id")
    }

    /// Where it says that it listens, on a line of its own such as `name listens on http://…`.
    pub(super) fn address(&mut self) -> Result<String> {
        self.wait_until(|said| address_in(said).is_some())?;
        address_in(&self.said()).with_context(|| format!("{} has no address", self.name))
    }

    /// Waits until what it has said, or anything else, shows that it is ready.
    pub(super) fn wait_until(&mut self, is_ready: impl Fn(&str) -> bool) -> Result<()> {
        let start = Instant::now();
        while !is_ready(&self.said()) {
            if let Ok(Some(status)) = self.watchdog.try_wait() {
                bail!(
                    "{} ended at once ({status}); its log:\n{}",
                    self.name,
                    self.log()
                );
            }
            if start.elapsed() > START_LIMIT {
                bail!(
                    "{} is not ready after {START_LIMIT:?}; its log:\n{}",
                    self.name,
                    self.log()
                );
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    fn said(&self) -> String {
        self.read("out")
    }

    pub(super) fn log(&self) -> String {
        self.read("log")
    }

    fn read(&self, ending: &str) -> String {
        fs::read_to_string(self.folder.join(format!("{}.{ending}", self.name))).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        let start = Instant::now();
        while start.elapsed() < STOP_LIMIT && matches!(self.watchdog.try_wait(), Ok(None)) {
            thread::sleep(POLL);
        }
    }
}

/// Only from a whole line.
fn address_in(said: &str) -> Option<String> {
    said.split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
        .find_map(|line| Some(line.trim_end().split_once(" listens on ")?.1.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::{Command, Stdio};

    use super::{Program, Signal, address_in};

    fn is_alive(process: u32) -> bool {
        let asked = Command::new("kill")
            .args(["-0", &process.to_string()])
            .stderr(Stdio::null())
            .status();
        asked.unwrap().success()
    }

    #[test]
    fn a_program_ends_when_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Program::new("echo", Path::new("sh"), Signal::Terminate, folder.path());
        program
            .command
            .args(["-c", "echo it listens on http://127.0.0.1:1; sleep 600"]);
        let mut running = program.start().unwrap();
        assert_eq!(running.address().unwrap(), "http://127.0.0.1:1");
        let process = running.process().unwrap();
        assert!(is_alive(process));
        drop(running);
        assert!(!is_alive(process));
    }

    #[test]
    fn a_program_that_cannot_start_is_an_error_with_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Program::new("bad", Path::new("sh"), Signal::Interrupt, folder.path());
        program
            .command
            .args(["-c", "echo no such luck >&2; exit 3"]);
        let failure = program.start().unwrap().address().unwrap_err().to_string();
        assert!(
            failure.contains("bad ended at once") && failure.contains("no such luck"),
            "{failure}"
        );
    }

    #[test]
    fn an_address_is_read_from_a_whole_line_alone() {
        assert_eq!(
            address_in("hello\nx 1.0 listens on http://a:1\n").as_deref(),
            Some("http://a:1")
        );
        assert_eq!(address_in("x 1.0 listens on http://a"), None);
    }
}
