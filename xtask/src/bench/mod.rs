//! `bench`: what a turn costs and how long it takes, measured on the real server beside direct calls of its model.
//! docs/performance.md says what the figures mean.

mod cluster;
mod machine;
mod profile;
mod programs;
mod running;
mod scale;
mod stage;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::say;
use crate::workspace::Workspace;
use cluster::Cluster;
use profile::Recording;
use programs::Programs;
use running::{Program, Signal};
use scale::Scale;
use stage::{Stage, Surroundings};

/// Says everything at once: what is measured then is the server, not its waiting.
const INSTANT: &str = "scripted-words32";
/// So slow that replies stream for as long as they are looked at.
const SLOW: &str = "scripted-rate2-words600";

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Where turns are stored: a private PostgreSQL with the settings of a real one, or a SQLite file
    #[arg(long, value_enum, default_value_t = Store::Postgres)]
    store: Store,
    /// A slice of under a minute, which shows that everything works and measures nothing well
    #[arg(long)]
    quick: bool,
    /// What to measure; without it, everything
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STAGE")]
    stages: Option<Vec<StageName>>,
    /// Users to register [1000]
    #[arg(long)]
    users: Option<u32>,
    /// With how many of the shipped companions each user talks [2]
    #[arg(long)]
    companions: Option<u32>,
    /// Turns that each relationship has behind it; a turn is two messages [20]
    #[arg(long, value_name = "TURNS")]
    history: Option<u32>,
    /// How long a round of one target under one load is [5]
    #[arg(long)]
    seconds: Option<u32>,
    /// Rounds of each load [3]
    #[arg(long)]
    rounds: Option<u32>,
    /// Closed loops of so many turns in flight [16,64]
    #[arg(long, value_delimiter = ',')]
    in_flight: Option<Vec<u32>>,
    /// Open loops of so many turns a second [10,100,1000]
    #[arg(long, value_delimiter = ',')]
    per_second: Option<Vec<u32>>,
    /// The model of the open loops: how soon, how fast and how much it speaks
    #[arg(
        long,
        value_name = "MODEL",
        default_value = "scripted-first20ms-rate500-words32"
    )]
    paced_model: String,
    /// Idle sockets to hold open [1000]
    #[arg(long)]
    sockets: Option<u32>,
    /// Streaming replies to hold open [500]
    #[arg(long)]
    streams: Option<u32>,
    /// A JSON list of other servers to measure in the same rounds: see docs/performance.md
    #[arg(long, value_name = "FILE")]
    targets: Option<PathBuf>,
    /// The port of the scripted model, for servers that have to be told beforehand; 0 picks a free one
    #[arg(long, default_value_t = 0)]
    model_port: u16,
    /// Measure this program rather than building the server
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,
    /// A setting of the server, such as WAIFU__STORE__POOL_SIZE=16; may be given more than once
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// Record the server with `perf` under both kinds of load; builds it with symbols first
    #[arg(long)]
    profile: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Store {
    Postgres,
    Sqlite,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StageName {
    ClosedLoop,
    OpenLoop,
    Sockets,
    Streams,
}

impl Options {
    fn wants(&self, stage: StageName) -> bool {
        let stages = self.stages.as_deref();
        stages.is_none_or(|stages| stages.contains(&stage))
    }
}

/// Builds and starts everything, measures, and ends all that it started.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let scale = Scale::of(options);
    let others = others(options.targets.as_deref())?;
    let programs = Programs::build(workspace, options.server.as_deref(), options.profile)?;
    let folder = fresh_folder(workspace, options.store)?;
    machine::say(workspace)?;

    let listen = format!("127.0.0.1:{}", options.model_port);
    let mut model = Program::new(
        "scripted-model",
        &programs.model,
        Signal::Terminate,
        &folder,
    );
    model.command.args(["--listen", &listen]);
    let mut model = model.start()?;
    let cluster = match options.store {
        Store::Postgres => Some(Cluster::start(&folder.join("postgres"))?),
        Store::Sqlite => None,
    };
    let postgres = match &cluster {
        Some(cluster) => Some((cluster.url(), cluster.process()?)),
        None => None,
    };
    let surroundings = Surroundings {
        programs: &programs,
        folder: &folder,
        model: (model.address()?, model.process()?),
        postgres,
        settings: &options.settings,
        others,
    };
    measure(&surroundings, &scale, options)
}

fn measure(surroundings: &Surroundings, scale: &Scale, options: &Options) -> Result<()> {
    let rounds = [
        ("--seconds", scale.seconds.to_string()),
        ("--rounds", scale.rounds.to_string()),
        ("--retries", scale.retries.to_string()),
    ];
    let loops = |stage: &Stage, name: &str, loads: &[u32]| {
        let _recording = if options.profile {
            Recording::start(stage.name, stage.process()?, surroundings.folder)?
        } else {
            None
        };
        stage.measure("run", &[&[(name, list(loads))], &rounds[..]].concat())
    };

    // A server of its own, for the passwords of so many users leave it with more memory than turns need.
    let stage = surroundings.stage("preparation", INSTANT)?;
    stage.prepare(&[
        ("--users", scale.users.to_string()),
        ("--companions", scale.companions.to_string()),
        ("--turns", scale.history.to_string()),
    ])?;
    drop(stage);

    if options.wants(StageName::ClosedLoop) {
        let stage = surroundings.stage("closed-loop", INSTANT)?;
        loops(&stage, "--in-flight", &scale.in_flight)?;
    }

    if options.wants(StageName::OpenLoop) {
        let stage = surroundings.stage("open-loop", &options.paced_model)?;
        loops(&stage, "--per-second", &scale.per_second)?;
    }

    // A server each: what the one leaves behind would be used again by the other.
    for (wanted, name, argument, many) in [
        (StageName::Sockets, "sockets", "--sockets", scale.sockets),
        (StageName::Streams, "streams", "--streams", scale.streams),
    ] {
        if !options.wants(wanted) {
            continue;
        }
        let stage = surroundings.stage(name, SLOW)?;
        let target = ("--target", "waifu-server".to_owned());
        stage.measure("hold", &[target, (argument, many.to_string())])?;
    }
    Ok(())
}

fn list(numbers: &[u32]) -> String {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    numbers.join(",")
}

fn others(file: Option<&Path>) -> Result<Vec<Value>> {
    let Some(file) = file else {
        return Ok(Vec::new());
    };
    let failed = || format!("failed to read the targets {}", file.display());
    let text = fs::read_to_string(file).with_context(failed)?;
    serde_json::from_str(&text).with_context(failed)
}

/// Reports stay there until the next run.
fn fresh_folder(workspace: &Workspace, store: Store) -> Result<PathBuf> {
    let name = match store {
        Store::Postgres => "bench/postgres",
        Store::Sqlite => "bench/sqlite",
    };
    let folder = workspace.target.join(name);
    let made = fs::remove_dir_all(&folder)
        .or(Ok(()))
        .and_then(|()| fs::create_dir_all(&folder));
    made.with_context(|| format!("failed to make {}", folder.display()))?;
    say::line(&format!(
        "bench: everything is kept in {}",
        folder.display()
    ));
    Ok(folder)
}
