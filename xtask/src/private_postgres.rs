//! A PostgreSQL server of our own for one run: a fresh cluster in a temporary folder, reached by
//! a unix socket in that folder alone, and gone however the run ends.

pub(crate) mod account;
mod programs;

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Makes and runs the cluster, and removes it when its standard input ends. The input ends also
/// when we are killed, which no destructor of ours would survive.
const WATCHDOG: &str = include_str!("private_postgres/watchdog.sh");

/// Names the socket's file; nothing listens on a network.
const PORT: u16 = 5432;

/// Short enough for the socket's path, which may have about a hundred characters, and open to
/// the account that the server runs as, which a `TMPDIR` of root's may not be.
const PARENT: &str = "/tmp";

const START_LIMIT: Duration = Duration::from_mins(1);
const STOP_LIMIT: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(20);

/// A running server. Dropping it stops the server and removes its folder.
#[derive(Debug)]
pub(crate) struct PrivatePostgres {
    folder: PathBuf,
    watchdog: Child,
}

impl PrivatePostgres {
    /// Starts a server from the machine's PostgreSQL, installing that first if it can.
    pub(crate) fn install_and_start() -> Result<Self> {
        Self::start(&programs::find_or_install()?)
    }

    /// Starts a server from the programs in `programs` and returns once it answers.
    fn start(programs: &Path) -> Result<Self> {
        let postgres = Self::spawn(programs)?;
        postgres
            .wait_until_ready(programs)
            .context("failed to start a private PostgreSQL")?;
        Ok(postgres)
    }

    fn spawn(programs: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("waifu-postgres-")
            .tempdir_in(PARENT)
            .context("failed to make a folder for a private PostgreSQL")?;
        let mut command = Command::new("sh");
        command
            .args(["-c", WATCHDOG, "watchdog"])
            .arg(folder.path())
            .arg(programs)
            .arg(PORT.to_string())
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A Ctrl-C at the terminal is for us; the watchdog sees us go and cleans up.
            .process_group(0);
        if let Some(account) = account::for_the_server()? {
            std::os::unix::fs::chown(folder.path(), Some(account.user), Some(account.group))
                .context("failed to give a folder to the postgres account")?;
            command.uid(account.user).gid(account.group);
        }
        let watchdog = command
            .spawn()
            .context("failed to start a shell for a private PostgreSQL")?;
        Ok(Self {
            // From here on the watchdog removes it.
            folder: folder.keep(),
            watchdog,
        })
    }

    fn wait_until_ready(&self, programs: &Path) -> Result<()> {
        let start = Instant::now();
        loop {
            if self.folder.join("stopped").exists() {
                bail!("it stopped at once; its log:\n{}", self.log());
            }
            let answers = Command::new(programs.join("pg_isready"))
                .arg("--quiet")
                .arg("--host")
                .arg(&self.folder)
                .args(["--port", &PORT.to_string()])
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success());
            if answers {
                return Ok(());
            }
            if start.elapsed() > START_LIMIT {
                bail!("no answer in {START_LIMIT:?}; its log:\n{}", self.log());
            }
            thread::sleep(POLL);
        }
    }

    /// The URL of the maintenance database, as libpq and tokio-postgres read it. Whoever reads
    /// it is a superuser by the name `waifu`.
    pub(crate) fn url(&self) -> String {
        // The folder's name is ours and holds nothing else that a URL would have to escape.
        let host = self.folder.to_string_lossy().replace('/', "%2F");
        format!("postgres://waifu@{host}:{PORT}/postgres")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_else(|error| error.to_string())
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        let start = Instant::now();
        while start.elapsed() < STOP_LIMIT && matches!(self.watchdog.try_wait(), Ok(None)) {
            thread::sleep(POLL);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::{Command, Stdio};

    use super::{PrivatePostgres, programs};
    use crate::commands;

    fn is_alive(process: &str) -> bool {
        Command::new("kill")
            .args(["-0", process])
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    }

    #[test]
    fn a_private_server_answers_at_its_url_and_is_gone_once_dropped() {
        let programs = programs::find_or_install().unwrap();
        let postgres = PrivatePostgres::start(&programs).unwrap();
        let folder = postgres.folder.clone();

        let psql = |query: &str| {
            commands::output(
                Command::new(programs.join("psql"))
                    .args(["--no-psqlrc", "--tuples-only", "--no-align", "--command"])
                    .args([query, &postgres.url()]),
            )
            .unwrap()
        };
        assert_eq!(psql("select 1").trim(), "1");
        assert_eq!(psql("show max_connections").trim(), "200");
        assert_eq!(psql("show listen_addresses").trim(), "");
        psql("create database made_by_a_test");

        let pid_file = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap();
        let process = pid_file.lines().next().unwrap();
        assert!(is_alive(process));
        drop(postgres);
        assert!(!is_alive(process), "the server outlived its owner");
        assert!(!folder.exists(), "the server's folder outlived its owner");
    }

    #[test]
    fn a_server_that_cannot_start_is_an_error_with_its_log_and_leaves_no_folder() {
        let postgres = PrivatePostgres::spawn(Path::new("/no/such/folder")).unwrap();
        let folder = postgres.folder.clone();
        let failure = postgres
            .wait_until_ready(Path::new("/no/such/folder"))
            .unwrap_err();
        assert!(failure.to_string().contains("initdb"), "{failure}");
        drop(postgres);
        assert!(!folder.exists());
    }
}
