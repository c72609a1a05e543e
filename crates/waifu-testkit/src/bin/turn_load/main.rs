//! `turn-load`: measures how turns go with servers that stream their replies. `cargo xtask bench` starts all that it
//! needs; docs/performance.md says what its figures mean.

mod ask;
mod body;
mod cast;
mod events;
mod hold;
mod http;
mod latency;
mod pace;
mod prepare;
mod processes;
mod report;
mod rounds;
mod say;
mod stored;
mod target;
mod template;
mod turn;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use tokio::task::LocalSet;

use hold::What;
use pace::Load;
use prepare::Wanted;
use rounds::Plan;
use target::Target;

/// Measures how turns go with servers that stream their replies.
#[derive(Debug, Parser)]
#[command(name = "turn-load", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Register users with a server of ours, give each a history, and write down who they are
    Prepare {
        /// Such as http://127.0.0.1:8080
        #[arg(long)]
        server: String,
        /// The scripted model that answers for the server, such as http://127.0.0.1:8081
        #[arg(long)]
        model: String,
        #[arg(long, default_value_t = 1_000)]
        users: usize,
        /// With how many companions each user talks
        #[arg(long, default_value_t = 2)]
        companions: usize,
        /// How many turns each relationship has behind it
        #[arg(long, default_value_t = 20)]
        turns: usize,
        /// Where to write the cast
        #[arg(long)]
        cast: PathBuf,
    },
    /// Send turns to all targets in alternating rounds; what each adds is told against the first one
    Run {
        /// A JSON list of targets: see docs/performance.md
        #[arg(long)]
        targets: PathBuf,
        /// Closed loops of so many turns in flight
        #[arg(long, value_delimiter = ',')]
        in_flight: Vec<u32>,
        /// Open loops of so many turns a second, each timed from when it was due
        #[arg(long, value_delimiter = ',')]
        per_second: Vec<u32>,
        /// How long a round of one target is
        #[arg(long, default_value_t = 5)]
        seconds: u32,
        #[arg(long, default_value_t = 3)]
        rounds: u32,
        /// How often a round is measured again in which something else used the machine
        #[arg(long, default_value_t = 1)]
        retries: u32,
        /// Where to write everything as JSON
        #[arg(long)]
        report: PathBuf,
    },
    /// Keep connections open, and tell what each costs the server in memory
    Hold {
        /// A JSON list of targets: see docs/performance.md
        #[arg(long)]
        targets: PathBuf,
        /// The name of the one to connect to
        #[arg(long)]
        target: String,
        /// The name of the processes of it whose memory is read
        #[arg(long, default_value = "server")]
        process: String,
        /// So many WebSockets that are ready and idle
        #[arg(long, default_value_t = 0)]
        sockets: usize,
        /// So many replies that stream; the model has to be slow
        #[arg(long, default_value_t = 0)]
        streams: usize,
        /// Where to write everything as JSON
        #[arg(long)]
        report: PathBuf,
    },
}

/// One thread: the client must not take from the machine what is measured.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match LocalSet::new().run_until(run(Cli::parse().command)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::failure(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<()> {
    match command {
        Command::Prepare {
            server,
            model,
            users,
            companions,
            turns,
            cast,
        } => {
            let wanted = Wanted {
                users,
                companions,
                turns,
            };
            prepare::prepare(&server, &model, wanted, &cast).await
        }
        Command::Run {
            targets,
            in_flight,
            per_second,
            seconds,
            rounds,
            retries,
            report,
        } => {
            let targets: Vec<_> = Target::read_all(&targets)?
                .into_iter()
                .map(Rc::new)
                .collect();
            let in_flight = in_flight.into_iter().map(Load::InFlight);
            let loads: Vec<_> = in_flight
                .chain(per_second.into_iter().map(Load::PerSecond))
                .collect();
            let plan = Plan {
                seconds,
                rounds,
                retries,
            };
            let measured = rounds::run(&targets, &loads, plan).await?;
            measured.write(&report)?;
            measured.hold_against_the_store()
        }
        Command::Hold {
            targets,
            target,
            process,
            sockets,
            streams,
            report,
        } => {
            let all = Target::read_all(&targets)?;
            let target = all.into_iter().find(|known| known.name == target);
            let target = Rc::new(target.context("no target has this name")?);
            let process = target.processes.get(&process).copied();
            let process = process.context("the target has no processes of this name")?;
            let mut held = Vec::new();
            for (what, many) in [(What::Sockets, sockets), (What::Streams, streams)] {
                if many > 0 {
                    let one = hold::hold(&target, what, many, process).await?;
                    one.say();
                    held.push(one);
                }
            }
            write_held(&report, &held)
        }
    }
}

fn write_held(path: &Path, held: &[hold::Held]) -> Result<()> {
    let text = serde_json::to_string_pretty(held).context("failed to write down the report")?;
    std::fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
