//! A PostgreSQL as one would run it for real: on disk, and safe from a crash. The one that tests get is neither.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::running::{Program, Running, Signal};
use crate::commands;
use crate::private_postgres::account;

/// Names the socket's file; nothing listens on a network.
const PORT: &str = "5432";

/// Said though some are defaults, for they are what the figures stand for.
const SETTINGS: [&str; 7] = [
    "listen_addresses=",
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "random_page_cost=1.1",
    "shared_buffers=512MB",
    "max_connections=100",
];

/// Dropping it stops the server and removes its data.
#[derive(Debug)]
pub(super) struct Cluster {
    // Ended first, while its files are there.
    running: Running,
    _data: Data,
    socket: TempDir,
}

/// A folder that is removed.
#[derive(Debug)]
struct Data(PathBuf);

impl Cluster {
    /// Makes a cluster in `data` and starts it.
    pub(super) fn start(data: &Path) -> Result<Self> {
        let programs = programs()?;
        // An earlier run may have been killed.
        let _ = fs::remove_dir_all(data);
        fs::create_dir_all(data).with_context(|| format!("failed to make {}", data.display()))?;
        let data = Data(data.to_owned());
        // A socket's path must be short.
        let socket = tempfile::Builder::new()
            .prefix("waifu-bench-")
            .tempdir_in("/tmp");
        let socket = socket.context("failed to make a folder for a socket")?;
        let account = account()?;
        if let Some((user, group)) = account {
            for folder in [&data.0, socket.path()] {
                chown(folder, Some(user), Some(group))
                    .context("failed to give a folder to the postgres account")?;
            }
        }
        let run_as = |command: &mut Command| {
            if let Some((user, group)) = account {
                command.uid(user).gid(group);
            }
            command.current_dir(socket.path());
        };

        let mut initdb = Command::new(programs.join("initdb"));
        initdb.arg("-D").arg(&data.0).args([
            "-U",
            "waifu",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
        ]);
        run_as(&mut initdb);
        commands::output(&mut initdb)?;

        let postgres = programs.join("postgres");
        let mut program = Program::new("postgres", &postgres, Signal::Interrupt, socket.path());
        program
            .command
            .arg("-D")
            .arg(&data.0)
            .arg("-k")
            .arg(socket.path())
            .args(["-p", PORT]);
        for setting in SETTINGS {
            program.command.args(["-c", setting]);
        }
        run_as(&mut program.command);
        let mut running = program.start()?;
        running.wait_until(|_| answers(&programs, socket.path()))?;
        Ok(Self {
            running,
            _data: data,
            socket,
        })
    }

    /// As libpq and tokio-postgres read it.
    pub(super) fn url(&self) -> String {
        // The folder's name is ours and holds nothing else that a URL would have to escape.
        let host = self.socket.path().to_string_lossy().replace('/', "%2F");
        format!("postgres://waifu@{host}:{PORT}/postgres")
    }

    pub(super) fn process(&self) -> Result<u32> {
        self.running.process()
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        // What is left behind is removed by the next run.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn programs() -> Result<PathBuf> {
    let folder = commands::output(Command::new("pg_config").arg("--bindir"))
        .context("failed to find PostgreSQL by its pg_config")?;
    let folder = PathBuf::from(folder.trim());
    ensure!(
        folder.join("initdb").is_file(),
        "there is no `initdb` in {}, where `pg_config --bindir` says that PostgreSQL's programs are",
        folder.display()
    );
    Ok(folder)
}

/// PostgreSQL refuses to run as root; `None` is to stay who we are.
fn account() -> Result<Option<(u32, u32)>> {
    if !account::is_root()? {
        return Ok(None);
    }
    let number = |which: &str| -> Result<u32> {
        let text = commands::output(Command::new("id").args([which, "postgres"]))
            .context("there is no `postgres` account to run PostgreSQL as")?;
        text.trim().parse().context("failed to understand `id`")
    };
    Ok(Some((number("-u")?, number("-g")?)))
}

fn answers(programs: &Path, socket: &Path) -> bool {
    Command::new(programs.join("pg_isready"))
        .arg("--quiet")
        .arg("--host")
        .arg(socket)
        .args(["--port", PORT])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
