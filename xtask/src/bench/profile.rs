//! `perf record` beside a server, where there is a `perf`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;

use super::running::{Program, Running, Signal};
use crate::say;

const TIMES_A_SECOND: &str = "499";

/// Records until it is dropped.
#[derive(Debug)]
pub(super) struct Recording {
    running: Option<Running>,
    data: PathBuf,
}

impl Recording {
    /// Records a process, with who called whom; `None` without a `perf` that could.
    pub(super) fn start(stage: &str, process: u32, folder: &Path) -> Result<Option<Self>> {
        let found = Command::new("perf")
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        if !found.is_ok_and(|status| status.success()) {
            say::line("there is no `perf` on this machine: nothing is profiled");
            return Ok(None);
        }
        let data = folder.join(format!("{stage}.perf.data"));
        let mut perf = Program::new("perf", Path::new("perf"), Signal::Interrupt, folder);
        perf.command
            .args([
                "record",
                "--call-graph",
                "fp",
                "--freq",
                TIMES_A_SECOND,
                "--output",
            ])
            .arg(&data)
            .args(["--pid", &process.to_string()]);
        let running = Some(perf.start()?);
        Ok(Some(Self { running, data }))
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let log = self
            .running
            .take()
            .map(|running| running.log())
            .unwrap_or_default();
        if self.data.is_file() {
            say::line(&format!(
                "profiled: perf report --input {}",
                self.data.display()
            ));
        } else {
            say::line(&format!("`perf` recorded nothing: {}", log.trim()));
        }
    }
}
